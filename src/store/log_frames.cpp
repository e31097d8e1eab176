#include "store/log_frames.h"

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"

namespace quiver::store {
namespace {

constexpr std::array<char, 8> kMagic{'Q', 'U', 'I', 'V', 'L', 'O', 'G', '1'};
constexpr uint32_t kVersion = 1;
constexpr size_t kSectorBytes = 512;

uint32_t crc_of(const LogFileHeader& header) {
  return crc32c({reinterpret_cast<const uint8_t*>(&header), offsetof(LogFileHeader, crc)});
}

/// The frame at `at`, if its header is sound and all of it is there.
std::optional<LogFrame> claimed_frame(const LogContent& log, size_t at) {
  const Bytes bytes = log.bytes;
  if (bytes.size() - at < sizeof(LogFrameHeader)) return std::nullopt;
  LogFrame frame;
  std::memcpy(&frame.header, bytes.data() + at, sizeof(LogFrameHeader));
  if (crc_of(frame.header, log.salt) != frame.header.header_crc) return std::nullopt;
  const size_t start = at + sizeof(LogFrameHeader);
  if (frame.header.payload_size > bytes.size() - start) return std::nullopt;
  frame.payload = bytes.subspan(start, frame.header.payload_size);
  return frame;
}

bool has_sound_payload(const LogContent& log, const LogFrame& frame) {
  return crc32c(frame.payload, log.salt) == frame.header.payload_crc;
}

}  // namespace

size_t LogFrame::padded_size() const {
  const size_t size = sizeof(LogFrameHeader) + payload.size();
  return (size + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment;
}

LogFileHeader log_file_header(uint32_t salt, uint64_t first_sequence) {
  LogFileHeader header{kMagic, kVersion, salt, first_sequence, 0, 0};
  header.crc = crc_of(header);
  return header;
}

Expected<LogFileHeader> read_log_header(Bytes file, const std::string& name) {
  LogFileHeader header;
  std::memcpy(&header, file.data(), sizeof(header));
  const auto corrupt = [&name](const std::string& what) {
    return Error{Code::kCorruptFile, name + " is corrupt at byte 0: " + what};
  };
  if (header.magic != kMagic) return corrupt("not a log");
  if (crc_of(header) != header.crc) return corrupt("the header's checksum is wrong");
  if (header.version != kVersion) {
    return Error{Code::kUnsupportedFormat, name + " has version " + std::to_string(header.version) +
                                               "; this release reads version " +
                                               std::to_string(kVersion)};
  }
  return header;
}

uint32_t crc_of(const LogFrameHeader& header, uint32_t salt) {
  constexpr size_t kFrom = sizeof(header.header_crc);
  return crc32c({reinterpret_cast<const uint8_t*>(&header) + kFrom, sizeof(header) - kFrom}, salt);
}

std::optional<LogFrame> frame_at(const LogContent& log, size_t at) {
  auto frame = claimed_frame(log, at);
  if (frame && !has_sound_payload(log, *frame)) frame.reset();
  return frame;
}

std::optional<LogFrame> next_frame(const LogContent& log, size_t& at) {
  while (at < log.bytes.size()) {
    const auto frame = claimed_frame(log, at);
    if (frame && has_sound_payload(log, *frame)) return frame;
    at += frame ? frame->padded_size() : kFrameAlignment;
  }
  at = log.bytes.size();
  return std::nullopt;
}

uint64_t synced_before(const LogFrameHeader& header) {
  const uint64_t unsynced = header.flags >> 1;
  return unsynced == kNothingSynced ? 0 : header.sequence - unsynced;
}

bool misses_a_sector(const LogContent& log, size_t from, size_t to) {
  while (from < to) {
    const size_t left = kSectorBytes - static_cast<size_t>((log.offset + from) % kSectorBytes);
    const size_t end = std::min(to, from + left);
    if (all_zero(log.bytes.subspan(from, end - from))) return true;
    from = end;
  }
  return false;
}

bool damaged_before_sound_frames(const LogContent& log, size_t offset, uint64_t sequence,
                                 LogTail tail) {
  size_t at = offset + kFrameAlignment;
  bool first = true;
  while (const auto frame = next_frame(log, at)) {
    if (first && tail == LogTail::kFinal && !misses_a_sector(log, offset, at)) return true;
    first = false;
    if (synced_before(frame->header) > sequence) return true;
    at += frame->padded_size();
  }
  return false;
}

}  // namespace quiver::store
