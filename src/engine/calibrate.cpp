#include "engine/calibrate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "index/graph/walk.h"
#include "kernel/dispatch.h"
#include "quant/code_memory.h"

namespace quiver::engine {
namespace {

constexpr std::array kEfs{10U, 14U, 20U, 28U, 40U, 56U, 80U, 112U, 160U, 224U, 320U, 448U, 640U};
/// Beyond this more ef finds nothing that the sample would show.
constexpr float kAlmostAll = 0.9985F;
constexpr uint32_t kRowsAtOnce = 16;

/// To measure all rows by so many takes a few hundredths of what linking them takes.
uint32_t queries_for(uint32_t rows) { return std::clamp<uint32_t>(rows / 16, 1, 400); }

/// Distances of rows that lie anywhere.
struct RowSpace {
  using Distance = float;

  kernel::PairDistance pair;
  const float* query;
  uint32_t dim;
  const quant::TrainingRows& rows;

  [[nodiscard]] float measure(uint32_t row) const {
    return pair(query, rows.vector(row), dim) * rows.inv_norm(row);
  }
  void measure(const uint32_t* nodes, size_t count, float* out) const {
    for (size_t i = 0; i < count; ++i) out[i] = measure(nodes[i]);
  }
};

}  // namespace

Calibrator::Calibrator(const Walkable& walkable, Metric metric, uint32_t dim,
                       const quant::TrainingRows& rows)
    : walkable_(walkable),
      metric_(metric),
      dim_(dim),
      rows_(rows),
      pair_(metric == Metric::kL2 ? kernel::active().l2 : kernel::active().inner_product),
      graph_(walkable.graph.view()) {
  const uint32_t count = queries_for(graph_.row_count);
  for (uint32_t i = 0; i < count; ++i) {
    queries_.push_back(query_from(static_cast<uint32_t>(uint64_t{i} * graph_.row_count / count)));
  }
}

/// The first node from this one on that is on level 0 alone: those above lead to many others, and
/// without one that is not seen walks would miss more than they will.
Calibrator::Query Calibrator::query_from(uint32_t node) const {
  const auto is_above = [this](uint32_t at) {
    if (graph_.upper.empty()) return at == graph_.entry_row;
    const auto& above = graph_.upper.front().rows;
    return std::binary_search(above.begin(), above.end(), at);
  };
  while (is_above(node) && node + 1 < graph_.row_count) ++node;
  const uint32_t row = row_of(node);
  Query query{node, {rows_.vector(row), rows_.vector(row) + dim_}, {}};
  if (metric_ == Metric::kCosine) {
    for (float& x : query.vector) x *= rows_.inv_norm(row);
  }
  return query;
}

uint32_t Calibrator::row_of(uint32_t node) const {
  return walkable_.node_rows.empty() ? node : walkable_.node_rows[node];
}

float Calibrator::distance(const Query& query, uint32_t row) const {
  return RowSpace{pair_, query.vector.data(), dim_, rows_}.measure(row);
}

bool Calibrator::step() {
  if (measured_ < rows_.rows()) {
    measure_rows();
    return false;
  }
  walk_next();
  return ef_ == kEfs.size();
}

/// Some rows, each by all queries: every vector is read once, in the order of the rows.
void Calibrator::measure_rows() {
  const uint32_t end = std::min(rows_.rows(), measured_ + kRowsAtOnce);
  for (; measured_ < end; ++measured_) {
    for (Query& query : queries_) {
      if (measured_ == row_of(query.node)) continue;
      std::vector<float>& heap = query.nearest;
      const float apart = distance(query, measured_);
      const bool is_full = heap.size() == index::Calibration::kTopK;
      if (is_full ? !(apart < heap.front()) : std::isnan(apart)) continue;
      if (is_full) {
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
      }
      heap.push_back(apart);
      std::push_heap(heap.begin(), heap.end());
    }
  }
}

/// One walk; after the last one with an ef, its recall.
void Calibrator::walk_next() {
  found_ += found(queries_[walked_], kEfs[ef_]);
  if (++walked_ < queries_.size()) return;
  size_t wanted = 0;
  for (const Query& query : queries_) wanted += query.nearest.size();
  const float recall = static_cast<float>(found_) / static_cast<float>(std::max<size_t>(wanted, 1));
  points_.push_back({kEfs[ef_], recall});
  ef_ = recall >= kAlmostAll ? kEfs.size() : ef_ + 1;
  walked_ = 0;
  found_ = 0;
}

/// How many rows that are as near as the nearest a walk hands on to be measured, or as the result.
size_t Calibrator::found(const Query& query, uint32_t ef) const {
  constexpr uint32_t kTopK = index::Calibration::kTopK;
  if (!walkable_.codes) {
    return found_in(RowSpace{pair_, query.vector.data(), dim_, rows_}, query, ef, kTopK);
  }
  const quant::Codec& codec = walkable_.codes->codec();
  quant::CodeMemory code(codec.query_bytes());
  const bool is_exact = codec.encode_query(query.vector.data(), code.data());
  const index::CodeSpace space{codec.kernel().batch, code.data(), walkable_.codes->codes(),
                               codec.bytes()};
  return found_in(space, query, ef,
                  is_exact ? kTopK : index::rows_to_measure(ef, kTopK, codec.measures_one_in()));
}

template <typename Space>
size_t Calibrator::found_in(const Space& space, const Query& query, uint32_t ef,
                            size_t handed_on) const {
  if (query.nearest.empty()) return 0;
  thread_local index::WalkScratch<typename Space::Distance> scratch;
  index::Walk<Space> walk(space, graph_, graph_.row_count, scratch);
  scratch.visited.insert(query.node);
  walk.meet_all(ef);
  size_t count = 0;
  for (size_t i = 0; i < std::min(handed_on, scratch.pool.size()); ++i) {
    // Of many equal rows any will do.
    const float apart = distance(query, row_of(scratch.pool.at(i).row));
    if (apart <= query.nearest.front()) ++count;
  }
  return std::min(count, query.nearest.size());
}

}  // namespace quiver::engine
