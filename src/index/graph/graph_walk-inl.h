#pragma once

// How a GraphIndex walks, for the two files that make code of it: one for walks, one for those that
// are traced. In one file a compiler would not inline what both use, and make the first ones
// slower.

#include <algorithm>
#include <type_traits>
#include <vector>

#include "base/scratch.h"
#include "index/graph/graph_index.h"
#include "index/graph/walk.h"
#include "kernel/table.h"

namespace quiver::index {

struct VectorSpace {
  using Distance = float;

  kernel::BatchDistance batch;
  const float* query;
  VectorBlock block;
  uint32_t dim;

  void measure(const uint32_t* rows, size_t count, float* out) const {
    batch(query, block.vectors, block.inv_norms, rows, count, dim, out);
  }
};

/// Of `size` rows, nearest first, those that can be among the best k: the first k with whatever is
/// as far as the last of these, or `estimated` of them where the distances only estimate.
template <typename At>
void choose(uint32_t k, uint32_t estimated, bool is_exact, size_t size, const At& at,
            std::vector<uint32_t>& rows) {
  size_t count = std::min<size_t>(size, is_exact ? k : estimated);
  while (is_exact && count < size && at(count).distance == at(count - 1).distance) ++count;
  rows.clear();
  for (size_t i = 0; i < count; ++i) rows.push_back(at(i).row);
}

/// One for walks and scans, traced or not.
template <typename Distance>
WalkScratch<Distance>& scratch_of_thread() {
  thread_local WalkScratch<Distance> scratch;
  return scratch;
}

/// Whether a walk is the shorter way and has found what it should.
template <typename Space>
bool GraphIndex::walk(const Space& space, const SearchRequest& request,
                      std::vector<Neighbor>& out) const {
  using Distance = typename Space::Distance;
  const Plan plan = this->plan(request);
  if (request.trace != nullptr) request.trace->why = reason(request, plan);
  if (!plan.walks || !request.may_walk) return false;
  // A pool is sorted by insertion: of very many candidates that is most of the work.
  if (uint64_t{request.ef} * request.ef / 512 > block_.rows) return false;
  WalkScratch<Distance>& scratch = scratch_of_thread<Distance>();
  Walk<Space> walk(space, graph_, block_.rows, scratch);
  // Before the marks are used for something else.
  const auto note = [&] {
    if (request.trace != nullptr) request.trace->visited += scratch.visited.count();
  };
  if (request.allows_all) {
    walk.meet_all(request.ef);
    note();
    const auto at = [&scratch](size_t i) { return scratch.pool.at(i); };
    return take<Distance>(request, scratch.pool.size(), at, scratch.visited, out);
  }
  const auto allows = [&](uint32_t node) {
    if (!request.selection_decides) return request.rules->allows(row_of(node));
    const Selection& taken = *request.selection;
    return (node_rows_.empty() ? taken.rows : taken.nodes).test(node);
  };
  const bool is_done = walk.meet_allowed(request.ef, plan.width, plan.budget, allows);
  note();
  if (!is_done) return false;
  const auto at = [&scratch](size_t i) { return scratch.kept.at(i); };
  return take<Distance>(request, scratch.kept.size(), at, scratch.visited, out);
}

/// The results, of `size` nodes that were met, nearest first. Whether there are as many as there
/// should be: fewer where fewer are allowed, or lists or vectors are damaged.
template <typename Distance, typename At>
bool GraphIndex::take(const SearchRequest& request, size_t size, const At& at, VisitedSet& visited,
                      std::vector<Neighbor>& out) const {
  thread_local std::vector<uint32_t> rows;
  free_if_wasteful(rows, request.ef);
  const bool is_exact = std::is_same_v<Distance, float> || request.code.is_exact;
  choose(request.k, rows_to_measure(request.ef, request.k, codes_.measures_one_in), is_exact, size,
         at, rows);
  for (uint32_t& row : rows) row = row_of(row);
  if (!node_rows_.empty()) {
    // In a damaged file several nodes can be one row.
    visited.clear(block_.rows);
    std::erase_if(rows, [&visited](uint32_t row) { return !visited.insert(row); });
  }
  measure(request, rows, out);
  return out.size() == request.k;
}

/// Row 0 for a number that is none: the file is damaged.
inline uint32_t GraphIndex::row_of(uint32_t node) const {
  if (node_rows_.empty()) return node;
  return node_rows_[node] < block_.rows ? node_rows_[node] : 0;
}

}  // namespace quiver::index
