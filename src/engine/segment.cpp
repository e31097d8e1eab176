#include "engine/segment.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "base/msgpack.h"
#include "index/graph/reachability.h"

namespace quiver::engine {
namespace {

/// The numbers are stored: never renumber. docs/format.md describes each section.
enum Section : uint32_t {
  kInfo = 1,
  kVectors = 2,
  kInvNorms = 3,
  kIdEnds = 4,
  kIds = 5,
  kMetadataEnds = 6,
  kMetadata = 7,
  kIdTable = 8,
  kGraphUpper = 9,
  kGraphLevel0 = 10,
};

struct Info {
  uint32_t rows;
  uint32_t dim;
  uint32_t metric;
  uint32_t has_graph;
};

constexpr uint32_t kEmptySlot = 0xFFFFFFFF;

/// Row numbers by hash of the id, open addressing with linear probing, at most half full.
std::vector<uint32_t> build_id_table(std::span<const Segment::Row> rows) {
  std::vector<uint32_t> table(std::bit_ceil(std::max<size_t>(2, rows.size() * 2)), kEmptySlot);
  const size_t mask = table.size() - 1;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    size_t slot = hash_text(rows[row].id) & mask;
    while (table[slot] != kEmptySlot) slot = (slot + 1) & mask;
    table[slot] = row;
  }
  return table;
}

template <typename T>
std::span<const T> as_span(Bytes bytes) {
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

bool ends_are_sound(std::span<const uint64_t> ends, uint32_t rows, uint64_t size) {
  if (ends.size() != rows) return false;
  if (!std::is_sorted(ends.begin(), ends.end())) return false;
  return (rows == 0 ? 0 : ends.back()) == size;
}

Bytes slice(std::span<const uint64_t> ends, Bytes bytes, uint32_t row) {
  const uint64_t begin = row == 0 ? 0 : ends[row - 1];
  return bytes.subspan(begin, ends[row] - begin);
}

}  // namespace

Expected<void> Segment::write(store::Vfs& vfs, std::string_view name, Metric metric, uint32_t dim,
                              std::span<const Row> rows, const index::GraphData* graph) {
  auto created = store::SegmentFileWriter::create(vfs, name);
  if (!created) return created.error();
  store::SegmentFileWriter& writer = **created;
  Expected<void> result;
  const auto section = [&](uint32_t id, uint32_t alignment) {
    if (result) result = writer.begin_section(id, alignment);
  };
  const auto append = [&](Bytes bytes) {
    if (result) result = writer.append(bytes);
  };

  const Info info{static_cast<uint32_t>(rows.size()), dim, static_cast<uint32_t>(metric),
                  graph != nullptr ? 1U : 0U};
  section(kInfo, 64);
  append(as_bytes(std::span<const Info>(&info, 1)));
  section(kVectors, 4096);
  for (const Row& row : rows) append(as_bytes(std::span<const float>(row.vector, dim)));
  if (metric == Metric::kCosine) {
    section(kInvNorms, 64);
    for (const Row& row : rows) append(as_bytes(std::span<const float>(&row.inv_norm, 1)));
  }
  uint64_t end = 0;
  section(kIdEnds, 64);
  for (const Row& row : rows) {
    end += row.id.size();
    append(as_bytes(std::span<const uint64_t>(&end, 1)));
  }
  section(kIds, 64);
  for (const Row& row : rows) append(as_bytes(row.id));
  end = 0;
  section(kMetadataEnds, 64);
  for (const Row& row : rows) {
    end += row.metadata.size();
    append(as_bytes(std::span<const uint64_t>(&end, 1)));
  }
  section(kMetadata, 64);
  for (const Row& row : rows) append(row.metadata);
  const std::vector<uint32_t> table = build_id_table(rows);
  section(kIdTable, 64);
  append(as_bytes(std::span<const uint32_t>(table)));
  if (graph != nullptr) {
    const Buffer upper = graph->encode_upper();
    section(kGraphUpper, 64);
    append(upper);
    section(kGraphLevel0, 4096);
    append(as_bytes(std::span<const uint32_t>(graph->neighbors)));
  }
  if (!result) return result;
  return writer.finish();
}

Expected<std::shared_ptr<const Segment>> Segment::open(store::Vfs& vfs, std::string_view name,
                                                       Metric metric, uint32_t dim) {
  std::shared_ptr<Segment> segment(new Segment());
  if (auto mapped = segment->map(vfs, name, metric, dim); !mapped) return mapped.error();
  return std::shared_ptr<const Segment>(std::move(segment));
}

Expected<void> Segment::map(store::Vfs& vfs, std::string_view name, Metric metric, uint32_t dim) {
  auto opened = store::SegmentFile::open(vfs, name, true);
  if (!opened) return opened.error();
  file_ = std::move(*opened);
  const auto corrupt = [name](std::string what) {
    return Error{Code::kCorruptFile, std::string(name) + " is corrupt: " + std::move(what)};
  };
  Expected<void> missing;
  const auto section = [&](uint32_t id) {
    auto bytes = file_->section(id);
    if (bytes) return *bytes;
    missing = bytes.error();
    return Bytes{};
  };

  ByteReader info_reader(section(kInfo), name);
  const auto info = info_reader.get<Info>();
  if (!info) return corrupt("no info section");
  if (info->dim != dim || info->metric != static_cast<uint32_t>(metric)) {
    return corrupt("its dimensions or metric are not the index's");
  }
  rows_ = info->rows;
  dim_ = dim;
  const Bytes vectors = section(kVectors);
  if (vectors.size() != uint64_t{rows_} * dim * sizeof(float))
    return corrupt("vectors are missing");
  vectors_ = as_span<float>(vectors).data();
  if (metric == Metric::kCosine) {
    const auto inv_norms = as_span<float>(section(kInvNorms));
    if (inv_norms.size() != rows_) return corrupt("norms are missing");
    inv_norms_ = inv_norms.data();
  }
  ids_ = section(kIds);
  id_ends_ = as_span<uint64_t>(section(kIdEnds));
  if (!ends_are_sound(id_ends_, rows_, ids_.size())) return corrupt("ids are cut off");
  metadata_ = section(kMetadata);
  metadata_ends_ = as_span<uint64_t>(section(kMetadataEnds));
  if (!ends_are_sound(metadata_ends_, rows_, metadata_.size())) {
    return corrupt("metadata are cut off");
  }
  id_table_ = as_span<uint32_t>(section(kIdTable));
  if (!std::has_single_bit(id_table_.size()) || id_table_.size() <= rows_) {
    return corrupt("the table of ids has a wrong size");
  }
  // A search for an absent id ends at an empty slot: there must be one.
  const auto used = static_cast<size_t>(std::count_if(
      id_table_.begin(), id_table_.end(), [](uint32_t row) { return row != kEmptySlot; }));
  if (used != rows_ || std::any_of(id_table_.begin(), id_table_.end(), [this](uint32_t row) {
        return row >= rows_ && row != kEmptySlot;
      })) {
    return corrupt("the table of ids names rows beyond the last");
  }
  const index::VectorBlock block{vectors_, inv_norms_, 0, rows_};
  flat_ = std::make_unique<index::FlatIndex>(metric, dim, std::vector<index::VectorBlock>{block});
  if (info->has_graph != 0) {
    auto graph = index::decode_graph(section(kGraphUpper), section(kGraphLevel0), rows_);
    if (!graph) return corrupt(graph.error().message);
    layout_ = std::move(*graph);
    graph_ = std::make_unique<index::GraphIndex>(metric, dim, block, layout_);
  }
  if (!missing) return missing;
  bytes_ = file_->size();
  return {};
}

std::string_view Segment::id(uint32_t row) const { return as_text(slice(id_ends_, ids_, row)); }
Bytes Segment::metadata(uint32_t row) const { return slice(metadata_ends_, metadata_, row); }
const float* Segment::vector(uint32_t row) const { return vectors_ + size_t{row} * dim_; }
float Segment::inv_norm(uint32_t row) const {
  return inv_norms_ == nullptr ? 1.0F : inv_norms_[row];
}

std::optional<uint32_t> Segment::find(std::string_view id, uint32_t /*count*/,
                                      const Bitmap* deleted) const {
  const size_t mask = id_table_.size() - 1;
  for (size_t slot = hash_text(id) & mask; id_table_[slot] != kEmptySlot;
       slot = (slot + 1) & mask) {
    const uint32_t row = id_table_[slot];
    if (this->id(row) != id) continue;
    if (deleted != nullptr && deleted->test(row)) return std::nullopt;
    return row;
  }
  return std::nullopt;
}

std::vector<index::VectorBlock> Segment::blocks(uint32_t count) const {
  return {index::VectorBlock{vectors_, inv_norms_, 0, count}};
}

void Segment::search(const index::SearchRequest& request, uint32_t /*count*/, bool exact,
                     std::vector<index::Neighbor>& out) const {
  if (graph_ == nullptr || exact) {
    flat_->search(request, out);
  } else {
    graph_->search(request, out);
  }
}

size_t Segment::unreachable() const {
  return graph_ == nullptr ? 0 : index::unreachable_rows(layout_).size();
}

}  // namespace quiver::engine
