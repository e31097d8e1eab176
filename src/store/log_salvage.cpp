#include "store/log_salvage.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "base/crc32c.h"
#include "store/log_frames.h"

namespace quiver::store {
namespace {

/// Finds the salt that a frame's header was written with. A checksum of bytes of one length is, but
/// for a constant, a linear function of where it starts from (over GF(2)), and can be turned
/// around: Gauss's elimination of 32 equations, once.
class SaltFinder {
 public:
  SaltFinder() {
    const LogFrameHeader any{};
    const uint32_t constant = crc_of(any, 0);
    for (uint32_t bit = 0; bit < 32; ++bit) {
      // What the salt with that bit alone adds to the checksum.
      add(crc_of(any, uint32_t{1} << bit) ^ constant, uint32_t{1} << bit);
    }
  }

  [[nodiscard]] uint32_t salt_of(const LogFrameHeader& header) const {
    uint32_t rest = header.header_crc ^ crc_of(header, 0);
    uint32_t salt = 0;
    for (uint32_t bit = 32; bit-- > 0;) {
      if ((rest >> bit & 1) == 0) continue;
      rest ^= rows_[bit].sum;
      salt ^= rows_[bit].salt;
    }
    return salt;
  }

 private:
  struct Row {
    uint32_t sum = 0;   // its highest bit is the row's place
    uint32_t salt = 0;  // what adds it to the checksum
  };

  void add(uint32_t sum, uint32_t salt) {
    for (uint32_t bit = 32; bit-- > 0;) {
      if ((sum >> bit & 1) == 0) continue;
      if (rows_[bit].sum == 0) {
        rows_[bit] = {sum, salt};
        return;
      }
      sum ^= rows_[bit].sum;
      salt ^= rows_[bit].salt;
    }
  }

  std::array<Row, 32> rows_;
};

/// The salt by which some record of the file is sound. None either where there is so much that
/// looks like records that to read it would take long.
std::optional<uint32_t> find_salt(Bytes file) {
  // Of numbers that no log reaches, no payload is read: any salt fits the header alone.
  constexpr uint64_t kMaxSequence = uint64_t{1} << 48;
  uint64_t readable = uint64_t{16} * file.size();
  const SaltFinder finder;
  for (size_t at = sizeof(LogFileHeader); file.size() - at >= sizeof(LogFrameHeader);
       at += kFrameAlignment) {
    LogFrameHeader header;
    std::memcpy(&header, file.data() + at, sizeof(header));
    if (header.sequence == 0 || header.sequence > kMaxSequence) continue;
    if (header.payload_size > std::min<uint64_t>(readable, file.size() - at)) continue;
    readable -= header.payload_size;
    const uint32_t salt = finder.salt_of(header);
    if (frame_at({file, 0, salt}, at)) return salt;
  }
  return std::nullopt;
}

struct FoundFrame {
  size_t at = 0;
  LogFrame frame;
  uint64_t synced_before = 0;  ///< by what this frame or a later one says
};

/// All sound frames of a file.
std::vector<FoundFrame> find_frames(const LogContent& log) {
  std::vector<FoundFrame> found;
  size_t at = sizeof(LogFileHeader);
  while (const auto frame = next_frame(log, at)) {
    found.push_back({at, *frame, synced_before(frame->header)});
    at += frame->padded_size();
  }
  for (size_t i = found.size(); i-- > 1;) {
    found[i - 1].synced_before = std::max(found[i - 1].synced_before, found[i].synced_before);
  }
  return found;
}

}  // namespace

Expected<SalvagedLog> salvage_log(Vfs& vfs, uint64_t file_number) {
  const std::string name = log_file_name(file_number);
  auto content = vfs.read(name);
  if (!content) return content.error();
  const Bytes file = (*content)->bytes();
  SalvagedLog log;
  log.content = std::move(*content);
  if (file.size() < sizeof(LogFileHeader)) {
    log.tail_bytes = file.size();
    return log;
  }
  std::optional<uint32_t> salt;
  if (const auto header = read_log_header(file, name)) {
    salt = header->salt;
    log.first_sequence = header->first_sequence;
  } else if (header.error().code == Code::kUnsupportedFormat) {
    return header.error();
  } else if (file.size() == sizeof(LogFileHeader) && all_zero(file)) {
    return log;  // a crash while it was made
  } else {
    salt = find_salt(file);
    log.damaged_bytes = sizeof(LogFileHeader);
  }
  if (!salt) {
    log.damaged_bytes = file.size();
    return log;
  }

  const LogContent frames{file, 0, *salt};
  uint64_t sequence = log.first_sequence.value_or(0);  // of the next record; 0: not known
  bool in_tail = false;
  size_t offset = sizeof(LogFileHeader);
  for (const FoundFrame& found : find_frames(frames)) {
    if (found.at != offset) {
      // As damaged_before_sound_frames says.
      in_tail =
          in_tail || (misses_a_sector(frames, offset, found.at) && found.synced_before <= sequence);
      (in_tail ? log.tail_bytes : log.damaged_bytes) += found.at - offset;
    }
    const LogFrame& frame = found.frame;
    offset = found.at + frame.padded_size();
    // A number that does not grow is not this log's.
    if (frame.header.sequence < sequence) continue;
    sequence = frame.header.sequence + 1;
    const bool last = (frame.header.flags & kLastOfTransaction) != 0;
    log.records.push_back({frame.header.sequence, last, frame.payload});
    if (!in_tail) log.before_tail = log.records.size();
    const size_t end = found.at + sizeof(LogFrameHeader) + frame.payload.size();
    if (end < file.size() && !all_zero(file.subspan(end, std::min(offset, file.size()) - end))) {
      log.damaged_bytes += std::min(offset, file.size()) - end;
    }
  }
  if (offset < file.size() && !all_zero(file.subspan(offset))) {
    log.tail_bytes += file.size() - offset;
  }
  return log;
}

}  // namespace quiver::store
