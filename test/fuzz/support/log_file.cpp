#include "support/log_file.h"

#include <algorithm>

#include "base/crc32c.h"

namespace quiver::fuzz {
namespace {

constexpr std::string_view kMagic = "QUIVLOG1";
constexpr size_t kHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 24;
constexpr size_t kMaxFrames = 200;

void put_frame(ByteWriter& out, const LogFile::Frame& frame, uint32_t salt) {
  ByteWriter header;
  header.put(static_cast<uint32_t>(frame.payload.size()));
  header.put(frame.sequence);
  header.put(frame.flags);
  header.put(crc32c(frame.payload, salt));
  out.put(crc32c(header.buffer(), salt));
  out.put_bytes(header.buffer());
  out.put_bytes(frame.payload);
  out.align(8);
}

void number(LogFile& log) {
  uint64_t sequence = log.first_sequence;
  for (LogFile::Frame& frame : log.frames) frame.sequence = sequence++;
}

void mutate_frames(Random& random, LogFile& log,
                   const std::function<void(Random&, Buffer&)>& mutate_payload) {
  if (log.frames.empty()) log.frames.emplace_back();
  auto& frames = log.frames;
  const size_t at = below(random, frames.size());
  const auto place = frames.begin() + static_cast<ptrdiff_t>(at);
  switch (below(random, 10)) {
    case 0:
      if (frames.size() < kMaxFrames) frames.insert(place, LogFile::Frame(frames[at]));
      break;
    case 1:
      frames.erase(place);
      break;
    case 2:
      std::swap(frames[at], frames[below(random, frames.size())]);
      break;
    case 3:
      frames[at].flags ^= 1U;
      break;
    case 4:
      frames[at].flags = static_cast<uint32_t>(odd_number(random, frames[at].flags));
      break;
    default:
      mutate_payload(random, frames[at].payload);
  }
  // Mostly without a gap, else nothing behind it is read.
  if (!one_in(random, 16)) number(log);
}

}  // namespace

LogFile read_log_file(Bytes file) {
  LogFile log;
  ByteReader reader(file);
  if (!reader.get_bytes(kMagic.size())) return log;
  const auto version = reader.get<uint32_t>();
  const auto salt = reader.get<uint32_t>();
  const auto first = reader.get<uint64_t>();
  const auto rest = reader.get<uint64_t>();
  if (!version || !salt || !first || !rest) return log;
  log.version = *version;
  log.salt = *salt;
  log.first_sequence = *first;
  while (reader.remaining() >= kFrameHeaderBytes) {
    const size_t start = reader.position();
    (void)reader.get<uint32_t>();
    const uint32_t size = *reader.get<uint32_t>();
    LogFile::Frame frame;
    frame.sequence = *reader.get<uint64_t>();
    frame.flags = *reader.get<uint32_t>();
    (void)reader.get<uint32_t>();
    const auto payload = reader.get_bytes(size);
    if (!payload) {
      log.rest.assign(file.begin() + static_cast<ptrdiff_t>(start), file.end());
      return log;
    }
    frame.payload.assign(payload->begin(), payload->end());
    log.frames.push_back(std::move(frame));
    (void)reader.get_bytes(std::min<size_t>((8 - size % 8) % 8, reader.remaining()));
  }
  const Bytes left = *reader.get_bytes(reader.remaining());
  log.rest.assign(left.begin(), left.end());
  return log;
}

Buffer write_log_file(const LogFile& log) {
  ByteWriter out;
  out.put_text(kMagic);
  out.put(log.version);
  out.put(log.salt);
  out.put(log.first_sequence);
  out.put<uint32_t>(0);
  out.put(crc32c(out.buffer()));
  for (const LogFile::Frame& frame : log.frames) put_frame(out, frame, log.salt);
  out.put_bytes(log.rest);
  return out.take();
}

void mutate_log(Random& random, Buffer& file,
                const std::function<void(Random&, Buffer&)>& mutate_payload) {
  LogFile log = read_log_file(file);
  switch (below(random, 24)) {
    case 0:
      log.version = static_cast<uint32_t>(odd_number(random, log.version));
      break;
    case 1:
      log.first_sequence = odd_number(random, log.first_sequence);
      if (one_in(random, 2)) number(log);
      break;
    case 2:
      mutate_bytes(random, log.rest, 64);
      break;
    case 3: {
      // A tear: the end is missing, or sectors of it.
      file = write_log_file(log);
      if (file.size() <= kHeaderBytes) return;
      const size_t from = below(random, file.size());
      if (one_in(random, 2)) {
        file.resize(from);
      } else {
        const size_t to = std::min(file.size(), (from / 512 + 1 + below(random, 3)) * 512);
        std::fill(file.begin() + static_cast<ptrdiff_t>(from),
                  file.begin() + static_cast<ptrdiff_t>(to), uint8_t{0});
      }
      return;
    }
    default:
      mutate_frames(random, log, mutate_payload);
  }
  file = write_log_file(log);
}

}  // namespace quiver::fuzz
