#include "store/log.h"

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
  uint32_t flags;
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

/// Whether a sound frame starts anywhere from `offset` on: then what is broken before it is no torn
/// tail.
bool sound_frame_after(Bytes file, size_t offset, uint32_t salt) {
  for (; offset < file.size(); offset += kAlignment) {
    if (frame_at(file, offset, salt)) return true;
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
  if (payload.size() > kMaxFrameBytes) {
    return Error{Code::kInvalidArgument, "Expected a batch of at most " +
                                             std::to_string(kMaxFrameBytes) + " bytes, got " +
                                             std::to_string(payload.size())};
  }
  FrameHeader header{0, static_cast<uint32_t>(payload.size()), next_sequence_++,
                     last ? kLastOfTransaction : 0, crc32c(payload, salt_)};
  header.header_crc = crc_of(header, salt_);
  pending_.put(header);
  pending_.put_bytes(payload);
  pending_.align(kAlignment);
  return {};
}

Expected<void> LogWriter::flush() {
  if (pending_.size() == 0) return {};
  auto written = file_->append(pending_.buffer());
  pending_.buffer().clear();
  return written;
}

Expected<void> LogWriter::sync() {
  if (auto flushed = flush(); !flushed) return flushed;
  return file_->sync();
}

Expected<ReplayResult> replay_log(Vfs& vfs, uint64_t file_number, uint64_t first_sequence,
                                  const ReplayTransaction& apply) {
  const std::string name = log_file_name(file_number);
  const auto content = vfs.read(name);
  if (!content) return content.error();
  const Bytes file = (*content)->bytes();
  const auto corrupt = [&name](const std::string& what, size_t offset) {
    return Error{Code::kCorruptFile,
                 name + " is corrupt at byte " + std::to_string(offset) + ": " + what};
  };

  ReplayResult result{first_sequence, false};
  FileHeader header;
  if (file.size() < sizeof(header)) {
    result.torn_tail = true;
    return result;
  }
  std::memcpy(&header, file.data(), sizeof(header));
  if (header.magic != kMagic) return corrupt("not a log", 0);
  if (crc_of(header) != header.crc) return corrupt("the header's checksum is wrong", 0);
  if (header.version != kVersion) {
    return Error{Code::kUnsupportedFormat, name + " has version " + std::to_string(header.version) +
                                               "; this release reads version " +
                                               std::to_string(kVersion)};
  }
  if (header.first_sequence != first_sequence) {
    return corrupt("expected to begin with number " + std::to_string(first_sequence) + ", got " +
                       std::to_string(header.first_sequence),
                   0);
  }

  std::vector<Bytes> transaction;
  uint64_t sequence = first_sequence;
  size_t offset = sizeof(header);
  while (offset < file.size()) {
    const auto frame = frame_at(file, offset, header.salt);
    if (!frame) {
      if (sound_frame_after(file, offset + kAlignment, header.salt)) {
        return corrupt("a damaged record before sound ones", offset);
      }
      result.torn_tail = true;
      break;
    }
    if (frame->header.sequence != sequence) {
      return corrupt("expected number " + std::to_string(sequence) + ", got " +
                         std::to_string(frame->header.sequence),
                     offset);
    }
    ++sequence;
    transaction.push_back(frame->payload);
    if ((frame->header.flags & kLastOfTransaction) != 0) {
      if (auto applied = apply(transaction); !applied) return applied.error();
      transaction.clear();
      result.next_sequence = sequence;
    }
    offset += padded(sizeof(FrameHeader) + frame->payload.size());
  }
  if (!transaction.empty()) result.torn_tail = true;
  return result;
}

}  // namespace quiver::store
