#include "index/graph/graph_index.h"

#include <algorithm>
#include <array>
#include <queue>

#include "index/graph/candidate_pool.h"
#include "index/graph/visited.h"
#include "index/nearest.h"
#include "kernel/dispatch.h"

namespace quiver::index {
namespace {

constexpr size_t kMaxDegree = 2048;  // 2 · the largest M that a file may have

/// Reused from walk to walk, so that a search allocates nothing.
struct Scratch {
  VisitedSet visited;
  CandidatePool pool;
  std::array<uint32_t, kMaxDegree> rows;
  std::array<float, kMaxDegree> distances;
};

Scratch& scratch_of_this_thread() {
  thread_local Scratch scratch;
  return scratch;
}

}  // namespace

struct GraphIndex::Walk {
  const float* query;
  kernel::BatchDistance measure;
  Scratch& scratch;
};

void GraphIndex::search(const SearchRequest& request, std::vector<Neighbor>& out) const {
  // A walk measures about 8 rows for each candidate that it keeps.
  if (uint64_t{request.ef} * 8 >= block_.rows) return flat_.search(request, out);
  Walk walk{request.query, kernel::batch_distance(kernel::active(), metric_),
            scratch_of_this_thread()};
  walk.scratch.visited.clear(block_.rows);
  if (request.allows_all) return walk_all(walk, request, out);
  if (!walk_allowed(walk, request, out)) flat_.search(request, out);
}

/// Greedy search through the upper levels: where to start on level 0.
Neighbor GraphIndex::descend(const Walk& walk) const {
  Neighbor best{0, graph_.entry_row};
  walk.measure(walk.query, block_.vectors, block_.inv_norms, &best.row, 1, dim_, &best.distance);
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
             upper.rows[list[count]] < block_.rows) {
        walk.scratch.rows[count] = upper.rows[list[count]];
        ++count;
      }
      walk.measure(walk.query, block_.vectors, block_.inv_norms, walk.scratch.rows.data(), count,
                   dim_, walk.scratch.distances.data());
      for (size_t i = 0; i < count; ++i) {
        if (walk.scratch.distances[i] < best.distance) {
          best = {walk.scratch.distances[i], walk.scratch.rows[i]};
          node = list[i];
          changed = true;
        }
      }
    }
  }
  return best;
}

/// Measures the neighbours of `row` that the walk has not met: rows and distances in the scratch.
size_t GraphIndex::measure_new_neighbors(Walk& walk, uint32_t row) const {
  const size_t degree = size_t{2} * graph_.m;
  const uint32_t* list = graph_.neighbors.data() + row * degree;
  size_t count = 0;
  for (size_t i = 0; i < degree && list[i] < block_.rows; ++i) {
    if (walk.scratch.visited.insert(list[i])) walk.scratch.rows[count++] = list[i];
  }
  walk.measure(walk.query, block_.vectors, block_.inv_norms, walk.scratch.rows.data(), count, dim_,
               walk.scratch.distances.data());
  return count;
}

void GraphIndex::walk_all(Walk& walk, const SearchRequest& request,
                          std::vector<Neighbor>& out) const {
  Scratch& scratch = walk.scratch;
  scratch.pool.clear(request.ef);
  const Neighbor start = descend(walk);
  scratch.visited.insert(start.row);
  scratch.pool.insert(start.distance, start.row);
  for (uint32_t row; scratch.pool.next(row);) {
    const size_t count = measure_new_neighbors(walk, row);
    for (size_t i = 0; i < count; ++i) scratch.pool.insert(scratch.distances[i], scratch.rows[i]);
  }
  NearestRows nearest(request, out);
  for (size_t i = 0; i < scratch.pool.size(); ++i) nearest.offer(scratch.pool.at(i));
  nearest.finish();
}

/// A walk ordered by distance alone that keeps allowed rows only. False if it has measured an
/// eighth of all rows and is not done: then measuring them all in order costs about as much, and is
/// exact.
bool GraphIndex::walk_allowed(Walk& walk, const SearchRequest& request,
                              std::vector<Neighbor>& out) const {
  const auto farther = [](const Neighbor& a, const Neighbor& b) { return a.distance > b.distance; };
  std::priority_queue<Neighbor, std::vector<Neighbor>, decltype(farther)> frontier(farther);
  SearchRequest wide = request;
  wide.k = request.ef;
  std::vector<Neighbor> kept;
  NearestRows allowed(wide, kept);

  const Neighbor start = descend(walk);
  walk.scratch.visited.insert(start.row);
  frontier.push(start);
  allowed.offer(start);
  size_t budget = block_.rows / 8;
  while (!frontier.empty() && frontier.top().distance <= allowed.limit()) {
    const uint32_t row = frontier.top().row;
    frontier.pop();
    const size_t count = measure_new_neighbors(walk, row);
    if (count > budget) return false;
    budget -= count;
    for (size_t i = 0; i < count; ++i) {
      const Neighbor met{walk.scratch.distances[i], walk.scratch.rows[i]};
      if (met.distance > allowed.limit()) continue;
      frontier.push(met);
      allowed.offer(met);
    }
  }
  if (!allowed.full()) return false;  // the walk saw everything it can reach: make sure
  allowed.finish();
  kept.resize(std::min<size_t>(kept.size(), request.k));
  out = std::move(kept);
  return true;
}

}  // namespace quiver::index
