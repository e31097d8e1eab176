#pragma once

#include <algorithm>
#include <cstdint>

#include "index/graph/candidate_pool.h"
#include "index/graph/graph_steps.h"
#include "index/graph/visited.h"
#include "kernel/table.h"

namespace quiver::index {

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
struct WalkScratch : StepScratch<Distance> {
  VisitedSet visited;
  CandidatePool<Distance> pool;
  CandidatePool<Distance> kept;  ///< those of them that may be results, where not all may
};

/// A search of one query through a graph. `Space` as GraphSteps asks for it.
template <typename Space>
class Walk {
 public:
  using Distance = typename Space::Distance;

  /// `rows`: how many rows Space knows; what a list names beyond ends it.
  Walk(const Space& space, const GraphView& graph, uint32_t rows, WalkScratch<Distance>& scratch)
      : steps_(space, graph, rows, scratch), scratch_(scratch) {
    scratch_.visited.clear(rows);
  }

  /// Leaves the nearest `ef` rows that it meets in the pool of the scratch.
  void meet_all(uint32_t ef) {
    CandidatePool<Distance>& pool = scratch_.pool;
    pool.clear(ef);
    const Met<Distance> start = steps_.descend();
    scratch_.visited.insert(start.row);
    pool.insert(start.distance, start.row);
    for (uint32_t row; pool.next(row);) {
      const size_t count = steps_.measure_new_neighbors(row, scratch_.visited.marks());
      size_t taken = 0;
      for (size_t i = 0; i < count; ++i) {
        const uint32_t met = scratch_.rows[i];
        if (pool.insert(scratch_.distances[i], met)) scratch_.rows[taken++] = met;
      }
      // Nearly all that are taken are expanded sooner or later. All at once: where this is a load,
      // it is waited for sooner or later.
      for (size_t i = 0; i < taken; ++i) steps_.prefetch_list(scratch_.rows[i]);
    }
  }

  /// Leaves the nearest `ef` rows that `allows` says yes to in `kept` of the scratch, by a walk
  /// that goes by distance whatever is allowed and has at most `width` rows in mind. False if it
  /// would measure more than `budget` rows and is not done, or has seen all that can be reached and
  /// found fewer.
  template <typename Allows>
  bool meet_allowed(uint32_t ef, size_t width, size_t budget, const Allows& allows) {
    CandidatePool<Distance>& pool = scratch_.pool;
    CandidatePool<Distance>& kept = scratch_.kept;
    pool.clear(width);
    kept.clear(ef);
    const auto meet = [&](Distance distance, uint32_t row) {
      if (!kept.takes(distance)) return false;
      if (allows(row)) kept.insert(distance, row);
      return pool.insert(distance, row);
    };
    const Met<Distance> start = steps_.descend();
    scratch_.visited.insert(start.row);
    meet(start.distance, start.row);
    for (uint32_t row; pool.next(row);) {
      const size_t count = steps_.measure_new_neighbors(row, scratch_.visited.marks());
      if (count > budget) return false;
      budget -= count;
      size_t taken = 0;
      for (size_t i = 0; i < count; ++i) {
        const uint32_t met = scratch_.rows[i];
        if (meet(scratch_.distances[i], met)) scratch_.rows[taken++] = met;
      }
      for (size_t i = 0; i < taken; ++i) steps_.prefetch_list(scratch_.rows[i]);
      if (kept.full()) pool.drop_farther(kept.at(ef - 1).distance);
    }
    return kept.full();
  }

 private:
  GraphSteps<Space> steps_;
  WalkScratch<Distance>& scratch_;
};

}  // namespace quiver::index
