#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/prefetch.h"
#include "index/graph/candidate_pool.h"
#include "index/graph/graph_layout.h"
#include "index/graph/visited.h"
#include "kernel/table.h"

namespace quiver::index {

inline constexpr size_t kMaxDegree = 2048;  // 2 · the largest M that a file may have

/// Distances by codes.
struct CodeSpace {
  using Distance = uint32_t;

  kernel::CodeBatch batch;
  const uint8_t* query;
  const uint8_t* codes;
  size_t bytes;

  void measure(const uint32_t* rows, size_t count, uint32_t* out) const {
    batch(query, codes, bytes, rows, count, out);
  }
};

/// How many of the `ef` rows that a walk by codes keeps are measured again for the best `k`, as the
/// codes need it: a fixed number, and recall would stop rising with ef.
inline uint32_t rows_to_measure(uint32_t ef, uint32_t k, uint32_t measures_one_in) {
  return std::max(2 * k, ef / measures_one_in);
}

/// Reused from walk to walk, so that a search allocates nothing. One per thread.
template <typename Distance>
struct WalkScratch {
  VisitedSet visited;
  CandidatePool<Distance> pool;
  std::array<uint32_t, kMaxDegree> rows;
  std::array<Distance, kMaxDegree> distances;
};

/// A search of one query through a graph. `Space` tells distances to the query: a type `Distance`
/// and `measure(ids, count, out)`.
template <typename Space>
class Walk {
 public:
  using Distance = typename Space::Distance;

  /// `rows`: how many rows Space knows; what a list names beyond ends it.
  Walk(const Space& space, const GraphView& graph, uint32_t rows, WalkScratch<Distance>& scratch)
      : space_(space), graph_(graph), rows_(rows), scratch_(scratch) {
    scratch_.visited.clear(rows);
  }

  /// Leaves the nearest `ef` rows that it meets in the pool of the scratch.
  void meet_all(uint32_t ef) {
    CandidatePool<Distance>& pool = scratch_.pool;
    pool.clear(ef);
    const Met<Distance> start = descend();
    scratch_.visited.insert(start.row);
    pool.insert(start.distance, start.row);
    for (uint32_t row; pool.next(row);) {
      const size_t count = measure_new_neighbors(row);
      size_t taken = 0;
      for (size_t i = 0; i < count; ++i) {
        const uint32_t met = scratch_.rows[i];
        if (pool.insert(scratch_.distances[i], met)) scratch_.rows[taken++] = met;
      }
      // Nearly all that are taken are expanded sooner or later. All at once: where this is a load,
      // it is waited for sooner or later.
      for (size_t i = 0; i < taken; ++i) prefetch_list(scratch_.rows[i]);
    }
  }

  /// The nearest `ef` rows that `allows` says yes to, nearest first, by a walk that goes by
  /// distance whatever is allowed. False if it would measure more than `budget` rows and is not
  /// done, or has seen all that can be reached and found fewer.
  template <typename Allows>
  bool meet_allowed(uint32_t ef, size_t budget, const Allows& allows,
                    std::vector<Met<Distance>>& kept) {
    std::priority_queue<Met<Distance>, std::vector<Met<Distance>>, std::greater<>> frontier;
    kept.clear();  // a heap, its farthest in front
    const auto is_near = [&](Distance distance) {
      return kept.size() < ef || distance < kept.front().distance;
    };
    const auto offer = [&](const Met<Distance>& met) {
      if (!is_number(met.distance)) return;
      frontier.push(met);
      if (!allows(met.row)) return;
      if (kept.size() == ef) {
        std::pop_heap(kept.begin(), kept.end());
        kept.back() = met;
      } else {
        kept.push_back(met);
      }
      std::push_heap(kept.begin(), kept.end());
    };
    const Met<Distance> start = descend();
    scratch_.visited.insert(start.row);
    offer(start);
    while (!frontier.empty()) {
      const Met<Distance> nearest = frontier.top();
      if (kept.size() == ef && nearest.distance > kept.front().distance) break;
      frontier.pop();
      const size_t count = measure_new_neighbors(nearest.row);
      if (count > budget) return false;
      budget -= count;
      for (size_t i = 0; i < count; ++i) {
        if (is_near(scratch_.distances[i])) offer({scratch_.distances[i], scratch_.rows[i]});
      }
    }
    if (kept.size() < ef) return false;
    std::sort_heap(kept.begin(), kept.end());
    return true;
  }

 private:
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

  [[nodiscard]] const uint32_t* list_of(uint32_t row) const {
    return graph_.neighbors.data() + size_t{row} * 2 * graph_.m;
  }

  void prefetch_list(uint32_t row) const {
    const uint32_t* list = list_of(row);
    for (uint32_t i = 0; i < 2 * graph_.m; i += 16) prefetch(list + i);
  }

  /// Measures the neighbours of `row` that the walk has not met: rows and distances in the scratch.
  size_t measure_new_neighbors(uint32_t row) {
    const size_t degree = size_t{2} * graph_.m;
    const uint32_t* list = list_of(row);
    const uint32_t rows = rows_;
    uint32_t* const out = scratch_.rows.data();
    const VisitedSet::Marks visited = scratch_.visited.marks();
    size_t count = 0;
    for (size_t i = 0; i < degree && list[i] < rows; ++i) {
      out[count] = list[i];
      count += visited.insert(list[i]) ? 1 : 0;
    }
    space_.measure(scratch_.rows.data(), count, scratch_.distances.data());
    return count;
  }

  const Space& space_;
  const GraphView& graph_;
  uint32_t rows_;
  WalkScratch<Distance>& scratch_;
};

}  // namespace quiver::index
