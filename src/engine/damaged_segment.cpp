#include "engine/damaged_segment.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/msgpack.h"
#include "engine/batch.h"
#include "engine/segment_sections.h"
#include "kernel/dispatch.h"

namespace quiver::engine {

Expected<std::unique_ptr<DamagedSegment>> DamagedSegment::open(const store::SegmentFile& file,
                                                               Metric metric, uint32_t dim) {
  std::unique_ptr<DamagedSegment> segment(new DamagedSegment(file, metric, dim));
  const auto vectors = file.section(kVectors);
  if (!vectors) return vectors.error();
  segment->vectors_ = *vectors;
  // As many as there are vectors: the number itself may be damaged.
  const uint64_t rows = vectors->size() / (uint64_t{dim} * sizeof(float));
  if (rows == 0 || rows >= 0xFFFFFFFF) {
    return Error{Code::kCorruptFile, file.name() + " is corrupt: it has no vectors"};
  }
  segment->rows_ = static_cast<uint32_t>(rows);
  constexpr std::array<uint8_t, 2> kFills{0x00, 0xFF};
  for (size_t i = 0; i < kFills.size(); ++i) {
    if (auto read = segment->read(segment->readings_[i], kFills[i]); !read) return read.error();
  }
  return segment;
}

Expected<void> DamagedSegment::read(Reading& reading, uint8_t fill) {
  const auto ids = section(reading, kIds, fill);
  if (!ids) return ids.error();
  const auto lookup = file_.section(kIdLookup);  // for its size: nothing is looked up
  if (!lookup) return lookup.error();
  auto read_ids = column::Ids::read(rows_, *ids, *lookup);
  if (!read_ids) return read_ids.error();
  reading.ids = *read_ids;
  const auto part = [&](uint32_t number) { return section(reading, kMetadata + number, fill); };
  auto metadata = column::Metadata::read(rows_, part, cache_);
  if (!metadata) return metadata.error();
  reading.metadata = std::move(*metadata);
  return {};
}

Expected<Bytes> DamagedSegment::section(Reading& reading, uint32_t id, uint8_t fill) const {
  auto section = file_.section(id);
  if (!section) return section;
  const uint64_t begin = file_.offset_of(*section);
  if (is_sound(begin, begin + section->size())) return section;
  Buffer& filled = reading.filled[id];
  filled.assign(section->begin(), section->end());
  for (const store::DamagedBlock& block : damaged_) {
    if (block.section != id) continue;
    std::memset(&filled[static_cast<size_t>(block.offset - begin)], fill,
                static_cast<size_t>(block.size));
  }
  return Bytes(filled);
}

bool DamagedSegment::is_sound(uint64_t begin, uint64_t end) const {
  // They are in the order of the file.
  const auto block = std::partition_point(damaged_.begin(), damaged_.end(),
                                          [begin](const store::DamagedBlock& damaged) {
                                            return damaged.offset + damaged.size <= begin;
                                          });
  return block == damaged_.end() || block->offset >= end;
}

std::optional<std::string> DamagedSegment::certain_id(uint32_t row) const {
  std::array<std::string, 2> scratch;
  const auto a = readings_[0].ids.id(row, scratch[0]);
  const auto b = readings_[1].ids.id(row, scratch[1]);
  if (!a || !b || *a != *b || a->empty() || a->size() > kMaxIdBytes) return std::nullopt;
  return std::string(*a);
}

bool DamagedSegment::is_whole(uint32_t row) const {
  const uint64_t size = uint64_t{dim_} * sizeof(float);
  const uint64_t begin = file_.offset_of(vectors_) + row * size;
  if (!is_sound(begin, begin + size) || !certain_id(row)) return false;
  std::array<column::Scratch, 2> scratch;
  const auto a = readings_[0].metadata.map(row, scratch[0]);
  const auto b = readings_[1].metadata.map(row, scratch[1]);
  return a && b && std::equal(a->begin(), a->end(), b->begin(), b->end()) &&
         msgpack::validate(*a, "metadata") && is_finite(vector(row), dim_);
}

Expected<std::string_view> DamagedSegment::id(uint32_t row, std::string& scratch) const {
  return readings_[0].ids.id(row, scratch);
}

Expected<Bytes> DamagedSegment::metadata(uint32_t row, column::Scratch& scratch) const {
  return readings_[0].metadata.map(row, scratch);
}

Expected<std::optional<Bytes>> DamagedSegment::field(uint32_t row, std::string_view key,
                                                     column::Scratch& scratch) const {
  return readings_[0].metadata.field(row, key, scratch);
}

const float* DamagedSegment::vector(uint32_t row) const {
  return reinterpret_cast<const float*>(vectors_.data()) + size_t{row} * dim_;
}

float DamagedSegment::inv_norm(uint32_t row) const {
  return metric_ == Metric::kCosine ? kernel::inverse_norm(vector(row), dim_) : 1.0F;
}

}  // namespace quiver::engine
