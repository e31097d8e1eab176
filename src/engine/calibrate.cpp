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
constexpr uint32_t kRowsAtOnce = 32;

/// Fewer queries for many rows: to measure all rows should take a small part of what linking them
/// takes.
uint32_t queries_for(uint32_t rows) {
  return std::clamp<uint32_t>((uint32_t{1} << 26) / std::max(rows, 1U), 16, 64);
}

/// Distances of rows that lie anywhere, as kernel::pair_distance gives them.
struct RowSpace {
  using Distance = float;

  kernel::PairDistance pair;
  const float* query;
  uint32_t dim;
  const quant::TrainingRows& rows;

  void measure(const uint32_t* nodes, size_t count, float* out) const {
    for (size_t i = 0; i < count; ++i) out[i] = pair(query, rows.vector(nodes[i]), dim);
  }
};

}  // namespace

Calibrator::Calibrator(const Walkable& walkable, Metric metric, uint32_t dim,
                       const quant::TrainingRows& rows)
    : walkable_(walkable), metric_(metric), dim_(dim), rows_(rows), graph_(walkable.graph.view()) {
  const uint32_t count = queries_for(graph_.row_count);
  for (uint32_t i = 0; i < count; ++i) add_query(i, count);
  nearest_.resize(count);
}

/// The i-th of `count`: half-way between a row and one of its neighbours; a unit vector under
/// cosine.
void Calibrator::add_query(uint32_t i, uint32_t count) {
  const auto node = static_cast<uint32_t>(uint64_t{i} * graph_.row_count / count);
  const auto list = graph_.neighbors.subspan(size_t{node} * 2 * graph_.m, size_t{2} * graph_.m);
  constexpr size_t kNeighbor = 4;
  uint32_t other = node;
  for (size_t j = 0; j < kNeighbor && list[j] != index::kNoRow; ++j) other = list[j];
  const uint32_t a = row_of(node);
  const uint32_t b = row_of(other);
  const size_t first = queries_.size();
  for (uint32_t d = 0; d < dim_; ++d) {
    queries_.push_back(rows_.vector(a)[d] * rows_.inv_norm(a) / 2 +
                       rows_.vector(b)[d] * rows_.inv_norm(b) / 2);
  }
  if (metric_ != Metric::kCosine) return;
  const float scale = kernel::inverse_norm(&queries_[first], dim_);
  for (uint32_t d = 0; d < dim_; ++d) queries_[first + d] *= scale;
}

uint32_t Calibrator::row_of(uint32_t node) const {
  return walkable_.node_rows.empty() ? node : walkable_.node_rows[node];
}

float Calibrator::distance(size_t query, uint32_t row) const {
  const kernel::KernelTable& table = kernel::active();
  if (metric_ == Metric::kL2) return table.l2(this->query(query), rows_.vector(row), dim_);
  return table.inner_product(this->query(query), rows_.vector(row), dim_) * rows_.inv_norm(row);
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
    for (size_t i = 0; i < nearest_.size(); ++i) {
      Heap& heap = nearest_[i];
      const float apart = distance(i, measured_);
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
  found_ += found(walked_, kEfs[ef_]);
  if (++walked_ < nearest_.size()) return;
  size_t wanted = 0;
  for (const Heap& heap : nearest_) wanted += heap.size();
  const float recall = static_cast<float>(found_) / static_cast<float>(std::max<size_t>(wanted, 1));
  points_.push_back({kEfs[ef_], recall});
  ef_ = recall >= kAlmostAll ? kEfs.size() : ef_ + 1;
  walked_ = 0;
  found_ = 0;
}

/// How many rows that are as near as the nearest a walk hands on to be measured, or as the result.
size_t Calibrator::found(size_t query, uint32_t ef) const {
  if (!walkable_.codes) {
    const kernel::PairDistance pair = kernel::pair_distance(kernel::active(), metric_);
    return found_in(RowSpace{pair, this->query(query), dim_, rows_}, query, ef,
                    index::Calibration::kTopK);
  }
  const quant::Codec& codec = walkable_.codes->codec();
  quant::CodeMemory code(codec.query_bytes());
  const bool is_exact = codec.encode_query(this->query(query), code.data());
  const index::CodeSpace space{codec.kernel().batch, code.data(), walkable_.codes->codes(),
                               codec.bytes()};
  constexpr uint32_t kTopK = index::Calibration::kTopK;
  return found_in(space, query, ef,
                  is_exact ? kTopK : index::rows_to_measure(ef, kTopK, codec.measures_one_in()));
}

template <typename Space>
size_t Calibrator::found_in(const Space& space, size_t query, uint32_t ef, size_t handed_on) const {
  thread_local index::WalkScratch<typename Space::Distance> scratch;
  index::Walk<Space> walk(space, graph_, graph_.row_count, scratch);
  walk.meet_all(ef);
  const Heap& nearest = nearest_[query];
  size_t count = 0;
  for (size_t i = 0; i < std::min(handed_on, scratch.pool.size()); ++i) {
    // Of many equal rows any will do.
    if (distance(query, row_of(scratch.pool.at(i).row)) <= nearest.front()) ++count;
  }
  return std::min(count, nearest.size());
}

}  // namespace quiver::engine
