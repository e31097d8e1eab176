#include "store/manifest.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/crc32c.h"
#include "base/varint.h"

namespace quiver::store {
namespace {

constexpr std::array<char, 8> kMagic{'Q', 'U', 'I', 'V', 'M', 'A', 'N', '1'};
constexpr uint32_t kVersion = 1;

struct Header {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t body_size;
  uint32_t body_crc;
  uint32_t crc;  // of the 20 bytes before
};
static_assert(sizeof(Header) == 24);

uint32_t crc_of(const Header& header) {
  return crc32c({reinterpret_cast<const uint8_t*>(&header), offsetof(Header, crc)});
}

Error corrupt(std::string_view what) {
  return Error{Code::kCorruptFile, "manifest is corrupt: " + std::string(what)};
}

/// The number of a file or a record: they count from 1.
Expected<uint64_t> get_number(ByteReader& reader) {
  auto number = get_varint(reader);
  if (number && *number == 0) return corrupt("a number is zero");
  if (number && *number > kMaxFileNumber) return corrupt("a number is too great");
  return number;
}

bool names_a_segment_twice(const std::vector<SegmentEntry>& segments) {
  std::vector<uint64_t> numbers;
  numbers.reserve(segments.size());
  for (const SegmentEntry& segment : segments) numbers.push_back(segment.number);
  std::sort(numbers.begin(), numbers.end());
  return std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end();
}

Expected<SegmentEntry> decode_segment(ByteReader& reader) {
  SegmentEntry entry;
  const auto number = get_number(reader);
  if (!number) return number.error();
  const auto rows = get_varint(reader);
  if (!rows) return rows.error();
  const auto deleted = get_varint(reader);
  if (!deleted) return deleted.error();
  if (*rows >= 0xFFFFFFFF || *deleted > *rows) return corrupt("a segment has too many rows");
  // Every deleted row takes a byte at least.
  if (*deleted > reader.remaining()) return corrupt("deleted rows are missing");
  entry.number = *number;
  entry.rows = static_cast<uint32_t>(*rows);
  entry.deleted_rows.reserve(static_cast<size_t>(*deleted));
  uint64_t next = 0;
  for (uint64_t i = 0; i < *deleted; ++i) {
    const auto gap = get_varint(reader);
    if (!gap) return gap.error();
    if (*gap >= *rows - next) return corrupt("a deleted row is beyond the last");
    entry.deleted_rows.push_back(static_cast<uint32_t>(next + *gap));
    next += *gap + 1;
  }
  return entry;
}

Expected<std::shared_ptr<const FileBytes>> read_file(Vfs& vfs) {
  auto file = vfs.read(kManifestName);
  if (file || file.error().code != Code::kMissingFile) return file;
  return Error{Code::kIndexNotFound, "Index does not exist: " + file.error().message};
}

}  // namespace

Buffer encode_manifest(const Manifest& manifest) {
  ByteWriter body;
  body.put(manifest.index);
  put_varint(body, manifest.config.size());
  body.put_bytes(manifest.config);
  put_varint(body, manifest.next_file_number);
  put_varint(body, manifest.first_log);
  put_varint(body, manifest.first_sequence);
  put_varint(body, manifest.segments.size());
  for (const SegmentEntry& entry : manifest.segments) {
    put_varint(body, entry.number);
    put_varint(body, entry.rows);
    put_varint(body, entry.deleted_rows.size());
    uint32_t next = 0;
    for (const uint32_t row : entry.deleted_rows) {
      put_varint(body, row - next);
      next = row + 1;
    }
  }
  Header header{kMagic, kVersion, static_cast<uint32_t>(body.size()), crc32c(body.buffer()), 0};
  header.crc = crc_of(header);
  ByteWriter file;
  file.put(header);
  file.put_bytes(body.buffer());
  return file.take();
}

Expected<Manifest> decode_manifest(Bytes bytes) {
  ByteReader reader(bytes, "manifest");
  const auto header = reader.get<Header>();
  if (!header) return corrupt("it is cut off");
  if (header->magic != kMagic) return corrupt("not a manifest");
  if (crc_of(*header) != header->crc) return corrupt("the header's checksum is wrong");
  if (header->version != kVersion) {
    return Error{Code::kUnsupportedFormat,
                 "manifest has version " + std::to_string(header->version) +
                     "; this release reads version " + std::to_string(kVersion)};
  }
  if (reader.remaining() != header->body_size) return corrupt("it has a wrong size");
  if (crc32c(bytes.subspan(sizeof(Header))) != header->body_crc) {
    return corrupt("the checksum is wrong");
  }
  Manifest manifest;
  const auto index = reader.get<uint64_t>();
  if (!index) return index.error();
  manifest.index = *index;
  const auto config_size = get_varint(reader);
  if (!config_size) return config_size.error();
  const auto config = reader.get_bytes(*config_size);
  if (!config) return config.error();
  manifest.config.assign(config->begin(), config->end());
  for (uint64_t* field :
       {&manifest.next_file_number, &manifest.first_log, &manifest.first_sequence}) {
    const auto value = get_number(reader);
    if (!value) return value.error();
    *field = *value;
  }
  const auto segments = get_varint(reader);
  if (!segments) return segments.error();
  for (uint64_t i = 0; i < *segments; ++i) {
    auto entry = decode_segment(reader);
    if (!entry) return entry.error();
    manifest.segments.push_back(std::move(*entry));
  }
  if (reader.remaining() != 0) return corrupt("bytes follow its end");
  if (names_a_segment_twice(manifest.segments)) return corrupt("a segment is named twice");
  return manifest;
}

Expected<void> write_manifest(Vfs& vfs, const Manifest& manifest) {
  return replace_file(vfs, kManifestName, encode_manifest(manifest));
}

Expected<Manifest> read_manifest(Vfs& vfs) {
  const auto file = read_file(vfs);
  if (!file) return file.error();
  return decode_manifest((*file)->bytes());
}

Expected<ManifestMark> read_manifest_mark(Vfs& vfs) {
  const auto file = read_file(vfs);
  if (!file) return file.error();
  // The header, with the size and the checksum of the rest.
  ManifestMark mark{};
  static_assert(sizeof(mark) == sizeof(Header));
  const Bytes bytes = (*file)->bytes();
  std::copy_n(bytes.begin(), std::min(bytes.size(), mark.size()), mark.begin());
  return mark;
}

}  // namespace quiver::store
