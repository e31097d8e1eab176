#include "support/segment_file.h"

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "support/column_mutation.h"

namespace quiver::fuzz {
namespace {

constexpr size_t kHeaderBytes = 64;
constexpr size_t kFooterBytes = 32;
constexpr size_t kMaxSections = 40;

/// A block has a checksum of its own.
constexpr size_t kBlockBytes = size_t{64} << 10;

struct Entry {
  uint32_t id;
  uint32_t reserved;
  uint64_t offset;
  uint64_t size;
};
static_assert(sizeof(Entry) == 24);

/// Vectors and level 0 lie at pages.
size_t alignment_of(uint32_t id) { return id == 2 || id == 7 || id == 9 ? 4096 : 64; }

/// Changes numbers of the table itself, which write_segment_file() would put right, and gives it
/// its checksum back.
void mutate_table(Random& random, Buffer& file) {
  if (file.size() < kHeaderBytes + kFooterBytes) return;
  const size_t footer = file.size() - kFooterBytes;
  const auto put = [&file](size_t offset, uint32_t value) {
    std::memcpy(&file[offset], &value, sizeof(value));
  };
  uint64_t table = 0;
  std::memcpy(&table, &file[footer], sizeof(table));
  if (table > footer) return;
  if (one_in(random, 6)) {
    mutate_words(random, std::span(file).subspan(footer, 16));
  } else {
    mutate_words(random, std::span(file).subspan(table, footer - table));
  }
  put(footer + 12, crc32c(Bytes(file).subspan(table, footer - table)));
  put(footer + 20, crc32c(Bytes(file).subspan(footer, 20)));
}

}  // namespace

SegmentImage read_segment_file(Bytes file) {
  SegmentImage segment;
  if (file.size() < kHeaderBytes + kFooterBytes) return segment;
  const size_t footer = file.size() - kFooterBytes;
  uint64_t table = 0;
  uint32_t count = 0;
  std::memcpy(&table, &file[footer], sizeof(table));
  std::memcpy(&count, &file[footer + 8], sizeof(count));
  if (table > footer || count > (footer - table) / sizeof(Entry)) return segment;
  for (uint32_t i = 0; i < count; ++i) {
    Entry entry;
    std::memcpy(&entry, &file[table + i * sizeof(Entry)], sizeof(entry));
    if (entry.offset > table || entry.size > table - entry.offset) break;
    const Bytes content = file.subspan(entry.offset, entry.size);
    segment.sections.push_back({entry.id, Buffer(content.begin(), content.end())});
  }
  return segment;
}

Buffer write_segment_file(const SegmentImage& segment) {
  ByteWriter out;
  out.put_text("QUIVSEG1");
  out.put<uint32_t>(1);
  out.put(crc32c(out.buffer()));
  out.align(kHeaderBytes);
  std::vector<Entry> table;
  std::vector<uint32_t> crcs;
  for (const SegmentImage::Section& section : segment.sections) {
    out.align(alignment_of(section.id));
    table.push_back({section.id, 0, out.size(), section.content.size()});
    for (Bytes left = section.content; !left.empty();) {
      const Bytes block = left.first(std::min(left.size(), kBlockBytes));
      crcs.push_back(crc32c(block));
      left = left.subspan(block.size());
    }
    out.put_bytes(section.content);
  }
  out.align(8);
  const size_t start = out.size();
  out.put_bytes(as_bytes(std::span<const Entry>(table)));
  out.put_bytes(as_bytes(std::span<const uint32_t>(crcs)));
  ByteWriter footer;
  footer.put(uint64_t{start});
  footer.put(static_cast<uint32_t>(table.size()));
  footer.put(crc32c(Bytes(out.buffer()).subspan(start)));
  footer.put<uint32_t>(0);
  out.put_bytes(footer.buffer());
  out.put(crc32c(footer.buffer()));
  out.put_text("QUIVEND1");
  return out.take();
}

void mutate_segment(Random& random, Buffer& file) {
  SegmentImage segment = read_segment_file(file);
  auto& sections = segment.sections;
  if (sections.empty()) return mutate_bytes(random, file, 64);
  if (one_in(random, 16)) return mutate_table(random, file);
  const size_t at = below(random, sections.size());
  const auto place = sections.begin() + static_cast<ptrdiff_t>(at);
  Buffer& content = sections[at].content;
  switch (below(random, 20)) {
    case 0:
      sections.erase(place);
      break;
    case 1:
      if (sections.size() < kMaxSections) {
        sections.insert(place, SegmentImage::Section(sections[at]));
      }
      break;
    case 2:
      std::swap(sections[at].id, sections[below(random, sections.size())].id);
      break;
    case 3:
      sections[at].id = static_cast<uint32_t>(odd_number(random, sections[at].id));
      break;
    case 4:
      mutate_bytes(random, content, 64);
      break;
    case 5:
    case 6:
    case 7:
      mutate_bytes(random, content, 0);
      break;
    case 8:
    case 9:
      mutate_values(random, content);
      break;
    default:
      mutate_words(random, content);
  }
  file = write_segment_file(segment);
}

}  // namespace quiver::fuzz
