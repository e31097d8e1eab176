#include "store/log.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <random>
#include <vector>

#include "base/crc32c.h"

namespace quiver::store {
namespace {

constexpr std::array<char, 8> kMagic{'Q', 'U', 'I', 'V', 'L', 'O', 'G', '1'};
constexpr uint32_t kVersion = 1;
constexpr uint32_t kLastOfTransaction = 1;
constexpr size_t kAlignment = 8;
constexpr size_t kSectorBytes = 512;
/// The largest distance that fits beside the flag: nothing is known to be on the disk.
constexpr uint64_t kNothingSynced = 0x7FFFFFFF;

struct FileHeader {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t
      salt;  // differs from file to file, so that no frame of another file is taken for one of this
  uint64_t first_sequence;
  uint32_t reserved;
  uint32_t crc;  // of the 28 bytes before
};
static_assert(sizeof(FileHeader) == 32);

struct FrameHeader {
  uint32_t header_crc;  // of the 20 bytes after, from the salt on
  uint32_t payload_size;
  uint64_t sequence;
  uint32_t flags;  // bit 0: the last of its transaction; the rest: how many frames right before it
                   // were not known to be on the disk
  uint32_t payload_crc;  // from the salt on
};
static_assert(sizeof(FrameHeader) == 24);

uint32_t crc_of(const FileHeader& header) {
  return crc32c({reinterpret_cast<const uint8_t*>(&header), offsetof(FileHeader, crc)});
}

uint32_t crc_of(const FrameHeader& header, uint32_t salt) {
  constexpr size_t kFrom = sizeof(header.header_crc);
  return crc32c({reinterpret_cast<const uint8_t*>(&header) + kFrom, sizeof(header) - kFrom}, salt);
}

size_t padded(size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

struct Frame {
  FrameHeader header;
  Bytes payload;
};

/// The frame at `offset`, if a whole and sound one is there.
std::optional<Frame> frame_at(Bytes file, size_t offset, uint32_t salt) {
  if (file.size() - offset < sizeof(FrameHeader)) return std::nullopt;
  Frame frame;
  std::memcpy(&frame.header, file.data() + offset, sizeof(FrameHeader));
  if (crc_of(frame.header, salt) != frame.header.header_crc) return std::nullopt;
  const size_t start = offset + sizeof(FrameHeader);
  if (frame.header.payload_size > file.size() - start) return std::nullopt;
  frame.payload = file.subspan(start, frame.header.payload_size);
  if (crc32c(frame.payload, salt) != frame.header.payload_crc) return std::nullopt;
  return frame;
}

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

/// What is read of a log file: all of it, or what comes after a position.
struct LogContent {
  Bytes bytes;
  uint64_t offset;  ///< of the first of them, in the file
  uint32_t salt;
};

/// Whether a crash can have left the part of `log` from `from` to `to` as it is: some sector of
/// it, or what of a sector lies in it, was never written and reads as zeros.
bool misses_a_sector(const LogContent& log, size_t from, size_t to) {
  while (from < to) {
    const size_t left = kSectorBytes - static_cast<size_t>((log.offset + from) % kSectorBytes);
    const size_t end = std::min(to, from + left);
    if (all_zero(log.bytes.subspan(from, end - from))) return true;
    from = end;
  }
  return false;
}

/// Whether the bad frame at `offset`, which should have had number `sequence`, is no torn tail:
/// sound frames follow it, and either it was on the disk before one of them was written, or it is
/// not for want of a sector that it is bad. (What was never synced may reach the disk in any order:
/// then the end of a group of frames can be there without its beginning.) While the log grows, only
/// the former tells: a sector may be on its way.
bool damaged_before_sound_frames(const LogContent& log, size_t offset, uint64_t sequence,
                                 LogTail tail) {
  bool first = true;
  for (size_t at = offset + kAlignment; at < log.bytes.size();) {
    const auto frame = frame_at(log.bytes, at, log.salt);
    if (!frame) {
      at += kAlignment;
      continue;
    }
    if (first && tail == LogTail::kFinal && !misses_a_sector(log, offset, at)) return true;
    first = false;
    const uint64_t unsynced = frame->header.flags >> 1;
    if (unsynced != kNothingSynced && frame->header.sequence - unsynced > sequence) return true;
    at += padded(sizeof(FrameHeader) + frame->payload.size());
  }
  return false;
}

}  // namespace

Expected<std::unique_ptr<LogWriter>> LogWriter::create(Vfs& vfs, uint64_t file_number,
                                                       uint64_t first_sequence) {
  auto file = vfs.create(log_file_name(file_number));
  if (!file) return file.error();
  FileHeader header{kMagic,         kVersion, static_cast<uint32_t>(std::random_device{}()),
                    first_sequence, 0,        0};
  header.crc = crc_of(header);
  if (auto written = (*file)->append(as_bytes(std::span<const FileHeader>(&header, 1))); !written) {
    return written.error();
  }
  if (auto synced = (*file)->sync(); !synced) return synced.error();
  if (auto synced = vfs.sync_folder(); !synced) return synced.error();
  return std::unique_ptr<LogWriter>(new LogWriter(std::move(*file), header.salt, first_sequence));
}

Expected<void> LogWriter::append(Bytes payload, bool last) {
  if (failure_) return *failure_;
  if (payload.size() > kMaxFrameBytes) {
    return Error{Code::kInvalidArgument, "Expected a batch of at most " +
                                             std::to_string(kMaxFrameBytes) + " bytes, got " +
                                             std::to_string(payload.size())};
  }
  const auto unsynced =
      static_cast<uint32_t>(std::min(next_sequence_ - synced_sequence_, kNothingSynced));
  FrameHeader header{0, static_cast<uint32_t>(payload.size()), next_sequence_++,
                     unsynced << 1 | (last ? kLastOfTransaction : 0), crc32c(payload, salt_)};
  header.header_crc = crc_of(header, salt_);
  pending_.put(header);
  pending_.put_bytes(payload);
  pending_.align(kAlignment);
  return {};
}

Expected<void> LogWriter::flush() {
  if (failure_) return *failure_;
  if (pending_.size() == 0) return {};
  auto written = file_->append(pending_.buffer());
  pending_.buffer().clear();
  if (!written) failure_ = written.error();
  return written;
}

Expected<void> LogWriter::sync() {
  if (auto flushed = flush(); !flushed) return flushed;
  auto synced = file_->sync();
  if (synced) {
    synced_sequence_ = next_sequence_;
  } else {
    failure_ = synced.error();
  }
  return synced;
}

namespace {

Error corrupt(const std::string& name, const std::string& what, uint64_t offset) {
  return {Code::kCorruptFile, name + " is corrupt at byte " + std::to_string(offset) + ": " + what};
}

/// The salt of the file that begins with `bytes`; CORRUPT_FILE or UNSUPPORTED_FORMAT.
Expected<uint32_t> check_header(Bytes bytes, const std::string& name, uint64_t sequence) {
  FileHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kMagic) return corrupt(name, "not a log", 0);
  if (crc_of(header) != header.crc) return corrupt(name, "the header's checksum is wrong", 0);
  if (header.version != kVersion) {
    return Error{Code::kUnsupportedFormat, name + " has version " + std::to_string(header.version) +
                                               "; this release reads version " +
                                               std::to_string(kVersion)};
  }
  if (header.first_sequence != sequence) {
    return corrupt(name,
                   "expected to begin with number " + std::to_string(sequence) + ", got " +
                       std::to_string(header.first_sequence),
                   0);
  }
  return header.salt;
}

/// Reads the frames that follow `log.offset`.
Expected<ReplayResult> replay_frames(const LogContent& log, const std::string& name,
                                     LogPosition from, LogTail tail,
                                     const ReplayTransaction& apply) {
  ReplayResult result{from, false, log.offset + log.bytes.size()};
  std::vector<Bytes> transaction;
  uint64_t sequence = from.next_sequence;
  size_t at = 0;
  while (at < log.bytes.size()) {
    const auto frame = frame_at(log.bytes, at, log.salt);
    if (!frame) {
      if (damaged_before_sound_frames(log, at, sequence, tail)) {
        return corrupt(name, "a damaged record before sound ones", log.offset + at);
      }
      result.torn_tail = true;
      break;
    }
    if (frame->header.sequence != sequence) {
      return corrupt(name,
                     "expected number " + std::to_string(sequence) + ", got " +
                         std::to_string(frame->header.sequence),
                     log.offset + at);
    }
    ++sequence;
    transaction.push_back(frame->payload);
    const size_t end = at + sizeof(FrameHeader) + frame->payload.size();
    at = padded(end);
    if (!all_zero(log.bytes.subspan(end, std::min(at, log.bytes.size()) - end))) {
      return corrupt(name, "expected zeros after a record", log.offset + end);
    }
    if ((frame->header.flags & kLastOfTransaction) != 0) {
      if (auto applied = apply(transaction); !applied) return applied.error();
      transaction.clear();
      result.end = {log.offset + at, sequence, log.salt};
    }
  }
  if (!transaction.empty()) result.torn_tail = true;
  return result;
}

}  // namespace

Expected<ReplayResult> replay_log(Vfs& vfs, uint64_t file_number, LogPosition from, LogTail tail,
                                  const ReplayTransaction& apply) {
  const std::string name = log_file_name(file_number);
  const auto content = vfs.read_from(name, from.offset);
  if (!content) return content.error();
  const Bytes bytes = (*content)->bytes();
  if (from.offset != 0)
    return replay_frames({bytes, from.offset, from.salt}, name, from, tail, apply);

  // The header is synced before anything is appended.
  if (bytes.size() < sizeof(FileHeader) ||
      (bytes.size() == sizeof(FileHeader) && all_zero(bytes))) {
    return ReplayResult{from, true, bytes.size()};
  }
  const auto salt = check_header(bytes, name, from.next_sequence);
  if (!salt) return salt.error();
  const LogContent frames{bytes.subspan(sizeof(FileHeader)), sizeof(FileHeader), *salt};
  return replay_frames(frames, name, from, tail, apply);
}

}  // namespace quiver::store
