#include "store/log.h"

#include <algorithm>
#include <random>
#include <vector>

#include "base/crc32c.h"
#include "store/log_frames.h"

namespace quiver::store {
Expected<std::unique_ptr<LogWriter>> LogWriter::create(Vfs& vfs, uint64_t file_number,
                                                       uint64_t first_sequence) {
  auto file = vfs.create(log_file_name(file_number));
  if (!file) return file.error();
  const LogFileHeader header =
      log_file_header(static_cast<uint32_t>(std::random_device{}()), first_sequence);
  if (auto written = (*file)->append(as_bytes(std::span<const LogFileHeader>(&header, 1)));
      !written) {
    return written.error();
  }
  if (auto synced = (*file)->sync(); !synced) return synced.error();
  if (auto synced = vfs.sync_folder(); !synced) return synced.error();
  return std::unique_ptr<LogWriter>(
      new LogWriter(std::move(*file), file_number, sizeof(header), header.salt, first_sequence));
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
  LogFrameHeader header{0, static_cast<uint32_t>(payload.size()), next_sequence_++,
                        unsynced << 1 | (last ? kLastOfTransaction : 0), crc32c(payload, salt_)};
  header.header_crc = crc_of(header, salt_);
  pending_.put(header);
  pending_.put_bytes(payload);
  pending_.align(kFrameAlignment);
  return {};
}

Expected<void> LogWriter::flush() {
  if (failure_) return *failure_;
  if (pending_.size() == 0) return {};
  auto written = file_->append(pending_.buffer());
  size_ += pending_.size();
  pending_.buffer().clear();
  if (!written) failure_ = written.error();
  return written;
}

/// For what is to be appended before the syncs to come. Not where a sync writes much, and not for
/// the one sync of a short session.
void LogWriter::reserve_room() {
  constexpr uint64_t kLeast = 1U << 14;
  constexpr uint64_t kMost = 1U << 18;
  const uint64_t end = size_ + pending_.size();
  if (!was_synced_ || end <= reserved_ || pending_.size() >= kMost) return;
  reserved_ = end + std::clamp(size_, kLeast, kMost);
  file_->reserve(reserved_);
}

Expected<void> LogWriter::sync() {
  if (failure_) return *failure_;
  if (pending_.size() != 0) reserve_room();
  if (auto flushed = flush(); !flushed) return flushed;
  auto synced = file_->sync();
  if (synced) {
    was_synced_ = true;
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

/// Reads the frames that follow `log.offset`.
Expected<ReplayResult> replay_frames(const LogContent& log, const std::string& name,
                                     LogPosition from, LogTail tail,
                                     const ReplayTransaction& apply) {
  ReplayResult result{from, false};
  std::vector<Bytes> transaction;
  uint64_t sequence = from.next_sequence;
  size_t at = 0;
  while (at < log.bytes.size()) {
    const auto frame = frame_at(log, at);
    if (!frame) {
      if (all_zero(log.bytes.subspan(at))) break;  // room for what was not written yet
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
    const size_t end = at + sizeof(LogFrameHeader) + frame->payload.size();
    at += frame->padded_size();
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
  const auto content = vfs.read_from(log_file_name(file_number), from.offset);
  if (!content) return content.error();
  return replay_log((*content)->bytes(), file_number, from, tail, apply);
}

Expected<ReplayResult> replay_log(Bytes content, uint64_t file_number, LogPosition from,
                                  LogTail tail, const ReplayTransaction& apply) {
  const std::string name = log_file_name(file_number);
  if (from.offset != 0)
    return replay_frames({content, from.offset, from.salt}, name, from, tail, apply);

  // The header is synced before anything is appended.
  if (content.size() < sizeof(LogFileHeader) ||
      (content.size() == sizeof(LogFileHeader) && all_zero(content))) {
    return ReplayResult{from, true};
  }
  const auto header = read_log_header(content, name);
  if (!header) return header.error();
  if (header->first_sequence != from.next_sequence) {
    return corrupt(name,
                   "expected to begin with number " + std::to_string(from.next_sequence) +
                       ", got " + std::to_string(header->first_sequence),
                   0);
  }
  const LogContent frames{content.subspan(sizeof(LogFileHeader)), sizeof(LogFileHeader),
                          header->salt};
  return replay_frames(frames, name, from, tail, apply);
}

}  // namespace quiver::store
