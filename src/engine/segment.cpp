#include "engine/segment.h"

#include <string>
#include <utility>

#include "engine/config.h"
#include "engine/segment_sections.h"
#include "engine/segment_writer.h"
#include "index/graph/reachability.h"

namespace quiver::engine {
namespace {

template <typename T>
const T* as_array(Bytes bytes) {
  return reinterpret_cast<const T*>(bytes.data());
}

/// Remembered in the place of a selection: that there was somebody who asked.
const std::shared_ptr<const index::Selection>& asked_once() {
  static const auto mark = std::make_shared<const index::Selection>();
  return mark;
}

/// A segment's metadata as a filter sees them.
class SegmentColumns final : public filter::Columns {
 public:
  /// `indexed`: which fields; null: all.
  SegmentColumns(uint32_t rows, const column::Metadata& metadata, const IndexedFields* indexed)
      : rows_(rows), metadata_(metadata), indexed_(indexed) {}

  [[nodiscard]] uint32_t rows() const override { return rows_; }
  [[nodiscard]] bool is_indexed(const filter::FieldTest& test) const override {
    return indexed_ == nullptr || indexed_->has(test.path());
  }
  [[nodiscard]] bool selects_quickly(const filter::FieldTest& test) const override {
    return metadata_.selects_quickly(test.path());
  }
  Expected<Bitmap> select(const filter::FieldTest& test) override {
    return metadata_.select(test.path(), Test(test));
  }

 private:
  class Test final : public column::ValueTest {
   public:
    explicit Test(const filter::FieldTest& test) : test_(test) {}

    [[nodiscard]] bool holds(const std::optional<msgpack::Value>& value) const override {
      return test_.holds(value);
    }
    [[nodiscard]] std::optional<Range> numbers() const override {
      const auto range = test_.numbers();
      return range ? std::optional<Range>({range->low, range->high}) : std::nullopt;
    }

   private:
    const filter::FieldTest& test_;
  };

  uint32_t rows_;
  const column::Metadata& metadata_;
  const IndexedFields* indexed_;
};

}  // namespace

Expected<void> Segment::write(store::Vfs& vfs, std::string_view name, Metric metric, uint32_t dim,
                              std::span<const RowRef> rows, uint64_t first_log) {
  auto writer = SegmentWriter::create(vfs, name, {metric, dim, rows, nullptr, first_log}, nullptr);
  if (!writer) return writer.error();
  return do_all_steps(**writer);
}

Expected<std::shared_ptr<const Segment>> Segment::open(store::Vfs& vfs, std::string_view name,
                                                       Metric metric, uint32_t dim,
                                                       const SegmentMemory& memory) {
  auto file = store::SegmentFile::open(vfs, name);
  if (!file) return file.error();
  std::shared_ptr<Segment> segment(new Segment());
  segment->file_ = std::move(*file);
  segment->cache_ = memory.cache;
  segment->selections_ = memory.selections;
  segment->indexed_ = memory.indexed;
  segment->owner_ = memory.cache->new_owner();
  if (auto mapped = segment->map(metric, dim, memory.map_from_rows); !mapped) return mapped.error();
  return std::shared_ptr<const Segment>(std::move(segment));
}

Error Segment::corrupt(std::string_view what) const {
  return Error{Code::kCorruptFile, file_->name() + " is corrupt: " + std::string(what)};
}

Error Segment::in_this_file(Error error) const {
  if (error.code == Code::kUnsupportedFormat) error.message = file_->name() + " " + error.message;
  return error.code == Code::kCorruptFile ? corrupt(error.message) : std::move(error);
}

Expected<void> Segment::map(Metric metric, uint32_t dim, uint64_t map_from_rows) {
  Expected<void> missing;
  const auto section = [&](uint32_t id) {
    auto bytes = file_->section(id);
    if (bytes) return *bytes;
    if (missing) missing = bytes.error();
    return Bytes{};
  };
  ByteReader info_reader(section(kInfo));
  const auto info = info_reader.get<SegmentInfo>();
  if (!info) return corrupt("no info section");
  if (info->dim != dim || info->metric != static_cast<uint32_t>(metric)) {
    return corrupt("its dimensions or metric are not the index's");
  }
  rows_ = info->rows;
  dim_ = dim;
  if (rows_ < map_from_rows) {
    if (auto loaded = file_->load(); !loaded) return loaded;
  }
  const Bytes vectors = section(kVectors);
  if (vectors.size() != uint64_t{rows_} * dim * sizeof(float)) {
    return corrupt("vectors are missing");
  }
  vectors_ = as_array<float>(vectors);
  if (metric == Metric::kCosine) {
    const Bytes inv_norms = section(kInvNorms);
    if (inv_norms.size() != uint64_t{rows_} * sizeof(float)) return corrupt("norms are missing");
    inv_norms_ = as_array<float>(inv_norms);
  }
  const index::VectorBlock block{vectors_, inv_norms_, 0, rows_};
  flat_ = std::make_unique<index::FlatIndex>(metric, dim, std::vector<index::VectorBlock>{block});
  if (info->has_graph != 0) {
    auto graph = index::decode_graph(section(kGraphUpper), section(kGraphLevel0), rows_);
    if (!graph) return in_this_file(graph.error());
    if (file_->has_section(kCalibration)) {
      auto calibration = index::Calibration::decode(section(kCalibration));
      if (!calibration) return in_this_file(calibration.error());
      calibration_ = std::move(*calibration);
    }
    index::CodeBlock codes;
    std::span<const uint32_t> node_rows;
    if (auto mapped = map_codes(metric, *graph, codes, node_rows); !mapped) {
      return in_this_file(mapped.error());
    }
    graph_ = std::make_unique<index::GraphIndex>(metric, dim, block, codes, node_rows,
                                                 std::move(*graph));
  }
  auto ids = column::Ids::read(rows_, section(kIds), section(kIdLookup));
  if (!missing) return missing;
  if (!ids) return in_this_file(ids.error());
  ids_ = *ids;
  auto metadata = column::Metadata::read(
      rows_, [this](uint32_t part) { return file_->section(kMetadata + part); }, *cache_);
  if (!metadata) return in_this_file(metadata.error());
  metadata_ = std::move(*metadata);
  return {};
}

/// What the graph of a segment was made by, and the codes, if any.
Expected<void> Segment::map_codes(Metric metric, index::GraphView& graph, index::CodeBlock& codes,
                                  std::span<const uint32_t>& node_rows) {
  if (!file_->has_section(kCodeInfo)) return {};
  ByteReader reader(*file_->section(kCodeInfo));
  const auto info = reader.get<CodeInfo>();
  if (!info) return Error{Code::kCorruptFile, "what its codes are is missing"};
  choice_.is_automatic = info->is_automatic != 0;
  choice_.sample_recall = info->sample_recall;
  graph.ef_construction =
      info->ef_construction <= kLargestEfConstruction ? info->ef_construction : 0;
  const auto kind = static_cast<CodeKind>(info->kind);
  if (kind == CodeKind::kNone) return {};
  auto codec = quant::read_codec(kind, metric, dim_, *reader.get_bytes(reader.remaining()));
  if (!codec) {
    // A later release's kind, or a flipped bit?
    if (codec.error().code == Code::kUnsupportedFormat && !file_->sound_section(kCodeInfo)) {
      return Error{Code::kCorruptFile, "what its codes are is damaged"};
    }
    return codec.error();
  }
  const auto bytes = file_->section(kCodes);
  if (!bytes) return bytes.error();
  const auto nodes = file_->section(kNodeRows);
  if (!nodes) return nodes.error();
  if (bytes->size() != uint64_t{rows_} * (*codec)->bytes() ||
      nodes->size() != uint64_t{rows_} * sizeof(uint32_t)) {
    return Error{Code::kCorruptFile, "codes are missing"};
  }
  choice_.codec = std::move(*codec);
  codes.codes = bytes->data();
  codes.bytes = choice_.codec->bytes();
  codes.rows = rows_;
  codes.measures_one_in = choice_.codec->measures_one_in();
  node_rows = {as_array<uint32_t>(*nodes), rows_};
  return {};
}

Expected<std::string_view> Segment::id(uint32_t row, std::string& scratch) const {
  auto id = ids_.id(row, scratch);
  if (!id) return in_this_file(id.error());
  return id;
}

Expected<Bytes> Segment::metadata(uint32_t row, column::Scratch& scratch) const {
  auto map = metadata_.map(row, scratch);
  if (!map) return in_this_file(map.error());
  return map;
}

Expected<std::optional<Bytes>> Segment::field(uint32_t row, std::string_view key,
                                              column::Scratch& scratch) const {
  auto value = metadata_.field(row, key, scratch);
  if (!value) return in_this_file(value.error());
  return value;
}

const float* Segment::vector(uint32_t row) const { return vectors_ + size_t{row} * dim_; }

float Segment::inv_norm(uint32_t row) const {
  return inv_norms_ == nullptr ? 1.0F : inv_norms_[row];
}

std::optional<uint32_t> Segment::find(std::string_view id, uint32_t /*count*/,
                                      const Bitmap* deleted) const {
  const auto row = ids_.find(id);
  if (row && deleted != nullptr && deleted->test(*row)) return std::nullopt;
  return row;
}

std::vector<index::VectorBlock> Segment::blocks(uint32_t count) const {
  note_use();
  return {index::VectorBlock{vectors_, inv_norms_, 0, count}};
}

std::string Segment::selection_key(const filter::Filter& filter) const {
  return std::to_string(owner_) + ' ' + std::string(as_text(filter.encoded()));
}

bool Segment::remembers(const filter::Filter& filter) const {
  if (!selections_) return false;
  const auto known = selections_->find(selection_key(filter));
  return known && known != asked_once();
}

Expected<Selected> Segment::select_how(const filter::Filter& filter) const {
  std::string key;
  SegmentColumns columns(rows_, metadata_, indexed_.get());
  filter::Indexed indexed;
  if (indexed_) indexed = filter.indexed_of(columns);
  if (indexed.share == filter::Indexed::Share::kNothing) {
    return Selected{nullptr, Selected::By::kNoIndex, indexed};
  }
  if (selections_) {
    key = selection_key(filter);
    auto known = selections_->find(key);
    if (known && known != asked_once())
      return Selected{std::move(known), Selected::By::kMemory, indexed};
    // One that never comes again need not read a column of texts for a few rows.
    if (!known && !filter.selects_quickly(columns)) {
      selections_->add(key, asked_once(), key.size());
      return Selected{nullptr, Selected::By::kFirstTime, indexed};
    }
  }
  note_use();
  auto rows = filter.select(columns);
  if (!rows) return in_this_file(rows.error());
  auto selection = std::make_shared<index::Selection>();
  selection->count = static_cast<uint32_t>(rows->count());
  selection->rows = std::move(*rows);
  if (graph_ != nullptr && !graph_->node_rows().empty()) {
    selection->nodes = Bitmap(rows_);
    for (uint32_t node = 0; node < rows_; ++node) {
      if (selection->rows.test(graph_->node_rows()[node])) selection->nodes.set(node);
    }
  }
  if (selections_) selections_->add(key, selection, key.size() + selection->bytes());
  return Selected{std::move(selection), Selected::By::kColumns, indexed};
}

index::Way Segment::search(const index::SearchRequest& request, uint32_t /*count*/, bool exact,
                           std::vector<index::Neighbor>& out) const {
  note_use();
  if (graph_ == nullptr || exact) {
    if (request.trace != nullptr) {
      request.trace->why =
          exact ? "the query asks for an exact search" : "the segment has no graph yet";
    }
    return flat_->search(request, out);
  }
  return graph_->search(with_code(request), out);
}

bool Segment::search_on(index::GraphCursor& cursor, const index::SearchRequest& request,
                        std::vector<index::Neighbor>& out) const {
  note_use();
  return graph_ != nullptr && graph_->search_on(cursor, with_code(request), out);
}

/// The code is the thread's, until the next one.
index::SearchRequest Segment::with_code(const index::SearchRequest& request) const {
  index::SearchRequest coded = request;
  if (choice_.codec) {
    thread_local quant::CodeMemory code;
    code.grow(choice_.codec->query_bytes());
    coded.code.is_exact = choice_.codec->encode_query(request.query, code.data());
    coded.code.code = code.data();
    coded.code.kernel = &choice_.codec->kernel();
  }
  return coded;
}

Expected<void> Segment::verify() const {
  if (auto sound = file_->verify(); !sound) return sound;
  if (graph_ == nullptr) return {};
  if (auto sound = index::check_graph(graph_->graph()); !sound) {
    return in_this_file(sound.error());
  }
  std::vector<bool> is_named(graph_->node_rows().empty() ? 0 : rows_, false);
  for (const uint32_t row : graph_->node_rows()) {
    if (row >= rows_ || is_named[row]) return corrupt("a row has no node in its graph");
    is_named[row] = true;
  }
  if (const size_t lost = index::unreachable_rows(graph_->graph()).size(); lost != 0) {
    return corrupt(std::to_string(lost) + " rows cannot be reached in the graph");
  }
  return {};
}

}  // namespace quiver::engine
