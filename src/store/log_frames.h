#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/expected.h"
#include "store/log.h"

// How a log file is laid out (docs/format.md), for those who write and read it.

namespace quiver::store {

struct LogFileHeader {
  std::array<char, 8> magic;
  uint32_t version;
  /// Differs from file to file, so that no frame of another file is taken for one of this.
  uint32_t salt;
  uint64_t first_sequence;
  uint32_t reserved;
  uint32_t crc;  ///< of the 28 bytes before
};
static_assert(sizeof(LogFileHeader) == 32);

struct LogFrameHeader {
  uint32_t header_crc;  ///< of the 20 bytes after, from the salt on
  uint32_t payload_size;
  uint64_t sequence;
  /// Bit 0: the last of its transaction; the rest: how many frames right before it were not known
  /// to be on the disk.
  uint32_t flags;
  uint32_t payload_crc;  ///< from the salt on
};
static_assert(sizeof(LogFrameHeader) == 24);

inline constexpr uint32_t kLastOfTransaction = 1;
inline constexpr size_t kFrameAlignment = 8;
/// The largest distance that fits beside the flag: nothing is known to be on the disk.
inline constexpr uint64_t kNothingSynced = 0x7FFFFFFF;

struct LogFrame {
  LogFrameHeader header;
  Bytes payload;

  /// From its beginning to where the next one begins.
  [[nodiscard]] size_t padded_size() const;
};

LogFileHeader log_file_header(uint32_t salt, uint64_t first_sequence);

/// The header of a file that is long enough to have one; CORRUPT_FILE or UNSUPPORTED_FORMAT.
Expected<LogFileHeader> read_log_header(Bytes file, const std::string& name);

uint32_t crc_of(const LogFrameHeader& header, uint32_t salt);

/// What is read of a log file: all of it, or what comes after a position.
struct LogContent {
  Bytes bytes;
  uint64_t offset;  ///< of the first of them, in the file
  uint32_t salt;
};

/// The frame at `at`, if a whole and sound one is there.
std::optional<LogFrame> frame_at(const LogContent& log, size_t at);

/// The first sound frame from `at` on, which moves there; none: it moves to the end. Where a header
/// is sound, it says where the next one is, though its payload be damaged: so that no byte is read
/// twice, whatever the file pretends.
std::optional<LogFrame> next_frame(const LogContent& log, size_t& at);

/// Frames of smaller numbers were on the disk before this one was written; 0: not known of any.
uint64_t synced_before(const LogFrameHeader& header);

/// Whether a crash can have left the part of `log` from `from` to `to` as it is: some sector of
/// it, or what of a sector lies in it, was never written and reads as zeros.
bool misses_a_sector(const LogContent& log, size_t from, size_t to);

/// Whether the bad frame at `offset`, which should have had number `sequence`, is no torn tail:
/// sound frames follow it, and either it was on the disk before one of them was written, or it is
/// not for want of a sector that it is bad. (What was never synced may reach the disk in any order:
/// then the end of a group of frames can be there without its beginning.) While the log grows, only
/// the former tells: a sector may be on its way.
bool damaged_before_sound_frames(const LogContent& log, size_t offset, uint64_t sequence,
                                 LogTail tail);

}  // namespace quiver::store
