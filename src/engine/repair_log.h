#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "store/vfs.h"

namespace quiver::engine {

/// From where the log files of a damaged index are read.
struct LogStart {
  uint64_t file = 0;      ///< files of smaller numbers are not looked at
  uint64_t sequence = 0;  ///< the number of the first record in it; 0: not known
};

/// Reads what is whole in the log files of `vfs` in the order of the records, as recovery would,
/// but goes on behind damage. A sentence for each file with damage is added to `problems`. What a
/// crash left at the end is dropped, as recovery does. Errors: of the disk, UNSUPPORTED_FORMAT, of
/// `apply`, which gets the file's name and the payload of one record.
Expected<void> read_damaged_logs(
    store::Vfs& vfs, LogStart start,
    const std::function<Expected<void>(const std::string& log, Bytes payload)>& apply,
    std::vector<std::string>& problems);

}  // namespace quiver::engine
