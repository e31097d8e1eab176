#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/expected.h"
#include "store/file_names.h"
#include "store/vfs.h"

namespace quiver::store {

/// Bytes of one frame's payload at most.
inline constexpr uint64_t kMaxFrameBytes = uint64_t{1} << 30;

/// Writes one log file: numbered, checksummed frames (docs/format.md). Frames are gathered in
/// memory until flush or sync. One thread at a time.
///
/// A log file is never appended to after its writer is gone: recovery starts a new one, whose first
/// sequence number follows that of the last whole transaction.
class LogWriter {
 public:
  /// The file exists with its header on the disk when this returns.
  static Expected<std::unique_ptr<LogWriter>> create(Vfs& vfs, uint64_t file_number,
                                                     uint64_t first_sequence);

  /// Adds a frame. A transaction is a run of frames of which only the last has `last`.
  /// INVALID_ARGUMENT if the payload is larger than kMaxFrameBytes.
  Expected<void> append(Bytes payload, bool last);

  /// Hands everything to the operating system. A failure here or in sync is final: what stands at
  /// the end of the file is unknown, so every later call fails too.
  Expected<void> flush();

  /// Returns when everything is on the disk.
  Expected<void> sync();

  /// Of the file.
  [[nodiscard]] uint64_t number() const { return number_; }
  /// Bytes of the file that were written; zeros may follow, which wait for more.
  [[nodiscard]] uint64_t size() const { return size_; }

 private:
  LogWriter(std::unique_ptr<WritableFile> file, uint64_t number, uint64_t size, uint32_t salt,
            uint64_t first_sequence)
      : file_(std::move(file)),
        number_(number),
        size_(size),
        salt_(salt),
        next_sequence_(first_sequence),
        synced_sequence_(first_sequence) {}

  void reserve_room();

  std::unique_ptr<WritableFile> file_;
  uint64_t number_;
  uint64_t size_;
  uint64_t reserved_ = 0;  // how long the file was made
  bool was_synced_ = false;
  uint32_t salt_;
  uint64_t next_sequence_;
  uint64_t synced_sequence_;  // all frames before this one are on the disk
  ByteWriter pending_;
  std::optional<Error> failure_;
};

/// A place between two transactions in a log file. Offset 0: before the file's header.
struct LogPosition {
  uint64_t offset = 0;
  uint64_t next_sequence = 1;
  uint32_t salt = 0;  ///< the file's; 0 at offset 0
};

/// Whether somebody may be writing to the log: then a record that is not whole is not whole yet,
/// unless a later one says that it was.
enum class LogTail : uint8_t { kFinal, kGrowing };

struct ReplayResult {
  LogPosition end;  ///< behind the last whole transaction
  /// The file ended in an unfinished frame or transaction, which was dropped.
  bool torn_tail = false;
};

/// Receives the payloads of one whole transaction, which live until it returns.
using ReplayTransaction = std::function<Expected<void>(std::span<const Bytes> payloads)>;

/// Reads a log file from `from` on. What a crash can leave is dropped: an unfinished last frame, a
/// transaction without its end, a file without a whole header, sectors that never reached the disk
/// among frames that were not synced yet. Anything else that is wrong, such as another bad frame
/// with a good one after it or a gap in the numbers, is CORRUPT_FILE. An error of `apply` ends the
/// reading.
Expected<ReplayResult> replay_log(Vfs& vfs, uint64_t file_number, LogPosition from, LogTail tail,
                                  const ReplayTransaction& apply);
/// The same of what the file had from `from` on when it was read.
Expected<ReplayResult> replay_log(Bytes content, uint64_t file_number, LogPosition from,
                                  LogTail tail, const ReplayTransaction& apply);

}  // namespace quiver::store
