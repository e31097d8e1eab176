#pragma once

#include <functional>
#include <vector>

#include "support/mutation.h"

namespace quiver::fuzz {

/// A log file taken apart (docs/format.md).
struct LogFile {
  struct Frame {
    uint64_t sequence = 1;
    uint32_t flags = 1;
    Buffer payload;
  };

  uint32_t version = 1;
  uint32_t salt = 0;
  uint64_t first_sequence = 1;
  std::vector<Frame> frames;
  Buffer rest;  ///< what follows the last frame that is whole
};

/// Reads as far as sizes are sound, whatever the checksums are.
LogFile read_log_file(Bytes file);

/// With right checksums.
Buffer write_log_file(const LogFile& log);

/// Changes a log behind its checksums; `mutate_payload` changes what a frame holds.
void mutate_log(Random& random, Buffer& file,
                const std::function<void(Random&, Buffer&)>& mutate_payload);

}  // namespace quiver::fuzz
