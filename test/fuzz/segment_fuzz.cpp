// Input: a segment file.
#include <cstring>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "engine/batch.h"
#include "engine/segment.h"
#include "index/graph/graph_adoption.h"
#include "index/graph/graph_builder.h"
#include "index/graph/graph_layout.h"
#include "index/graph/reachability.h"
#include "quant/choose.h"
#include "quant/coded_rows.h"
#include "store/segment_file.h"
#include "store/vfs_memory.h"
#include "support/allocation_limit.h"
#include "support/require.h"
#include "support/segment_file.h"
#include "support/vectors.h"

using namespace quiver;

namespace {

constexpr std::string_view kName = "seg-000001.qseg";

void require_of_a_file(const Error& error) {
  fuzz::require(error.code == Code::kCorruptFile || error.code == Code::kUnsupportedFormat,
                error.message);
}

/// What the index would say, as the file says it, so that it fits.
struct Kind {
  Metric metric = Metric::kL2;
  uint32_t dim = 4;
};

Kind kind_of(const store::SegmentFile& file) {
  Kind kind;
  const auto info = file.section(1);
  if (!info || info->size() < 12) return kind;
  uint32_t metric = 0;
  std::memcpy(&kind.dim, info->data() + 4, sizeof(kind.dim));
  std::memcpy(&metric, info->data() + 8, sizeof(metric));
  kind.metric = static_cast<Metric>(metric % 3);
  // A manifest with more is refused.
  kind.dim = std::min(kind.dim, engine::kMaxDimensions);
  return kind;
}

/// Every second row, in no other order than that of ids.
class Rules final : public index::RowRules {
 public:
  explicit Rules(const engine::Segment& segment) : segment_(segment) {}
  [[nodiscard]] bool allows(uint32_t row) const override { return row % 2 == 0; }
  [[nodiscard]] bool before(uint32_t a, uint32_t b) const override {
    return engine::id_before({&segment_, a}, {&segment_, b});
  }

 private:
  const engine::Segment& segment_;
};

void read_row(const engine::Segment& segment, uint32_t row, uint32_t dim) {
  std::string scratch;
  if (const auto id = segment.id(row, scratch)) {
    const auto place = segment.find(*id, segment.rows(), nullptr);
    fuzz::require(!place || *place < segment.rows(), "a row that is found exists");
    std::string other;
    fuzz::require(!place || *segment.id(*place, other) == *id, "what is found has the id");
  } else {
    require_of_a_file(id.error());
  }
  column::Scratch map_scratch;
  column::Scratch field_scratch;
  if (const auto map = segment.metadata(row, map_scratch)) {
    for (const msgpack::Entry& entry : msgpack::Value(*map).entries()) {
      if (const auto field = segment.field(row, entry.key, field_scratch); !field) {
        require_of_a_file(field.error());
      }
    }
  } else {
    require_of_a_file(map.error());
  }
  // Once more, if the whole map is not sound.
  for (const char* key : {"n", "a", "no such key"}) (void)segment.field(row, key, field_scratch);
  volatile float sum = segment.inv_norm(row);
  for (uint32_t i = 0; i < dim; ++i) sum = sum + segment.vector(row)[i];
}

void search(const engine::Segment& segment, uint32_t dim) {
  const std::vector<float> query(dim, 0.5F);
  const Rules rules(segment);
  std::vector<index::Neighbor> found;
  for (const bool exact : {false, true}) {
    for (const bool all : {false, true}) {
      for (const uint32_t k : {1U, 3U, 100U}) {
        const index::SearchRequest request{query.data(), {}, k, k, &rules, all};
        segment.search(request, segment.rows(), exact, found);
        fuzz::require(found.size() <= k, "no more rows than asked for");
        for (size_t i = 0; i < found.size(); ++i) {
          fuzz::require(found[i].row < segment.rows(), "a row that is found exists");
          fuzz::require(all || rules.allows(found[i].row), "a row that is found is allowed");
          fuzz::require(i == 0 || found[i - 1].distance <= found[i].distance,
                        "the nearest comes first");
        }
      }
    }
  }
}

/// Builds a graph from this one less some rows, and one new row, as a merge does.
void adopt(const index::GraphView& graph, const store::SegmentFile& file, Kind kind) {
  const auto vectors = file.section(2);
  const uint32_t old_rows = graph.row_count;
  constexpr uint32_t kMaxRows = 200;
  if (old_rows > kMaxRows || graph.m > 16 || kind.dim == 0 || kind.dim > 64 || !vectors ||
      vectors->size() != size_t{old_rows} * kind.dim * sizeof(float)) {
    return;
  }
  std::vector<uint32_t> new_rows(old_rows, index::kNoRow);
  std::vector<uint32_t> of(1, 0);  // the new row has the vector of the first one
  for (uint32_t row = 0; row < old_rows; ++row) {
    if (row % 3 == 1) continue;
    new_rows[row] = static_cast<uint32_t>(of.size());
    of.push_back(row);
  }
  const auto rows = static_cast<uint32_t>(of.size());
  const auto* numbers = reinterpret_cast<const float*>(vectors->data());
  std::vector<float> chosen;
  for (const uint32_t row : of) {
    const float* vector = numbers + size_t{row} * kind.dim;
    chosen.insert(chosen.end(), vector, vector + kind.dim);
  }
  const quant::Vectors training(Metric::kL2, kind.dim, std::move(chosen));
  const quant::CodedRows codes =
      quant::encode_all(quant::choose_codecs({}, Metric::kL2, kind.dim, training).build, training);
  auto builder = index::GraphBuilder::create(
      {graph.m, 20}, {codes.codes(), codes.codec().bytes(), rows, &codes.codec().kernel()},
      index::GraphAdoption(graph, new_rows, rows));
  fuzz::require(static_cast<bool>(builder), "there is memory for a small graph");
  const auto linked = (*builder)->link([] { return true; });
  fuzz::require(linked && *linked, "rows are linked");
  const index::GraphData made = (*builder)->finish();
  fuzz::require(static_cast<bool>(index::check_graph(made.view())), "a graph made is sound");
  fuzz::require(index::unreachable_rows(made.view()).empty(), "every row is reached");
}

/// The graph by itself, whatever the other sections are.
void read_graph(const store::SegmentFile& file) {
  const auto upper = file.section(6);
  const auto level0 = file.section(7);
  if (!upper || !level0 || upper->size() < 4) return;
  uint32_t rows = 0;
  std::memcpy(&rows, upper->data(), sizeof(rows));
  const auto graph = index::decode_graph(*upper, *level0, rows);
  if (!graph) return require_of_a_file(graph.error());
  if (const auto sound = index::check_graph(*graph); !sound) {
    return require_of_a_file(sound.error());
  }
  fuzz::require(index::unreachable_rows(*graph).size() < rows, "the entry row is reached");
  adopt(*graph, file, kind_of(file));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  const auto disk = std::make_shared<store::MemoryDisk>();
  disk->files[std::string(kName)] = std::make_shared<const Buffer>(data, data + size);
  const auto vfs = store::memory_vfs(disk);
  const auto file = store::SegmentFile::open(*vfs, kName);
  if (!file) {
    require_of_a_file(file.error());
    return 0;
  }
  read_graph(**file);
  const Kind kind = kind_of(**file);
  const engine::SegmentMemory memory{std::make_shared<column::BlockCache>(size_t{1} << 20)};
  const auto segment = engine::Segment::open(*vfs, kName, kind.metric, kind.dim, memory);
  if (!segment) {
    require_of_a_file(segment.error());
    return 0;
  }
  if (const auto sound = (*segment)->verify(); !sound) require_of_a_file(sound.error());
  fuzz::require((*segment)->rows() <= size, "a row takes more than a byte");
  for (uint32_t row = 0; row < (*segment)->rows(); ++row) read_row(**segment, row, kind.dim);
  search(**segment, kind.dim);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  fuzz::Random random(seed);
  // Now and then the bytes as they are: the checksums are read too.
  if (fuzz::one_in(random, 12)) return LLVMFuzzerMutate(data, size, max_size);
  Buffer file(data, data + size);
  fuzz::mutate_segment(random, file);
  return fuzz::give_back(file, data, size, max_size);
}
