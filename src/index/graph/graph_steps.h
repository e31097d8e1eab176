#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/prefetch.h"
#include "index/graph/candidate_pool.h"
#include "index/graph/graph_layout.h"
#include "kernel/table.h"

namespace quiver::index {

inline constexpr size_t kMaxDegree = 2048;  // 2 · the largest M that a file may have

/// What the steps of walks write to. One per thread.
template <typename Distance>
struct StepScratch {
  std::array<uint32_t, kMaxDegree> rows;
  std::array<Distance, kMaxDegree> distances;
};

/// The steps that walks of one query through a graph are made of. `Space` tells distances to the
/// query: a type `Distance` and `measure(ids, count, out)`.
template <typename Space>
class GraphSteps {
 public:
  using Distance = typename Space::Distance;

  /// `rows`: how many rows Space knows; what a list names beyond ends it.
  GraphSteps(const Space& space, const GraphView& graph, uint32_t rows,
             StepScratch<Distance>& scratch)
      : space_(space), graph_(graph), rows_(rows), scratch_(scratch) {}

  [[nodiscard]] uint32_t rows() const { return rows_; }

  /// Greedy search through the upper levels: where to start on level 0.
  Met<Distance> descend() {
    Met<Distance> best{0, graph_.entry_row};
    space_.measure(&best.row, 1, &best.distance);
    for (size_t level = graph_.upper.size(); level-- > 0;) {
      const GraphView::UpperLevel& upper = graph_.upper[level];
      auto node = static_cast<uint32_t>(
          std::lower_bound(upper.rows.begin(), upper.rows.end(), best.row) - upper.rows.begin());
      if (node == upper.rows.size() || upper.rows[node] != best.row) continue;
      for (bool changed = true; changed;) {
        changed = false;
        const auto list = upper.neighbors.subspan(size_t{node} * graph_.m, graph_.m);
        size_t count = 0;
        while (count < list.size() && list[count] < upper.rows.size() &&
               upper.rows[list[count]] < rows_) {
          scratch_.rows[count] = upper.rows[list[count]];
          ++count;
        }
        space_.measure(scratch_.rows.data(), count, scratch_.distances.data());
        for (size_t i = 0; i < count; ++i) {
          if (scratch_.distances[i] < best.distance) {
            best = {scratch_.distances[i], scratch_.rows[i]};
            node = list[i];
            changed = true;
          }
        }
      }
    }
    return best;
  }

  void prefetch_list(uint32_t row) const {
    const uint32_t* list = list_of(row);
    for (uint32_t i = 0; i < 2 * graph_.m; i += 16) prefetch(list + i);
  }

  /// Measures the neighbours of `row` that `visited` has not, and marks them there: how many; rows
  /// and distances are in the scratch.
  template <typename Marks>
  size_t measure_new_neighbors(uint32_t row, const Marks visited) {
    const size_t degree = size_t{2} * graph_.m;
    const uint32_t* list = list_of(row);
    const uint32_t rows = rows_;
    uint32_t* const out = scratch_.rows.data();
    size_t count = 0;
    for (size_t i = 0; i < degree && list[i] < rows; ++i) {
      out[count] = list[i];
      count += visited.insert(list[i]) ? 1 : 0;
    }
    space_.measure(scratch_.rows.data(), count, scratch_.distances.data());
    return count;
  }

 private:
  [[nodiscard]] const uint32_t* list_of(uint32_t row) const {
    return graph_.neighbors.data() + size_t{row} * 2 * graph_.m;
  }

  const Space& space_;
  const GraphView& graph_;
  uint32_t rows_;
  StepScratch<Distance>& scratch_;
};

}  // namespace quiver::index
