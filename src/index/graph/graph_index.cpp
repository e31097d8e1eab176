#include "index/graph/graph_index.h"

#include <algorithm>
#include <array>
#include <span>
#include <type_traits>

#include "base/scratch.h"
#include "index/graph/graph_cursor.h"
#include "index/graph/walk.h"
#include "index/nearest.h"
#include "kernel/dispatch.h"

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

namespace {

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

}  // namespace

GraphIndex::Plan GraphIndex::plan(const SearchRequest& request) const {
  // A walk measures about 8 rows for each candidate that it keeps.
  const uint64_t walked = uint64_t{request.ef} * 8;
  if (request.selection == nullptr) return {walked < block_.rows, block_.rows / 8};
  // It meets as many more as the filter takes fewer; and a row that a walk measures costs about as
  // much as two that are measured in order.
  constexpr uint64_t kInOrder = 2;
  const uint64_t taken = request.selection->count;
  return {walked * kInOrder * block_.rows < taken * taken, static_cast<size_t>(taken / kInOrder)};
}

void GraphIndex::search(const SearchRequest& request, std::vector<Neighbor>& out) const {
  if (codes_.codes != nullptr) {
    const CodeSpace space = code_space(request);
    if (walk(space, request, out)) return;
    // A pool is sorted by insertion: of very many candidates a heap is the better one.
    constexpr uint32_t kMostInPool = 4096;
    if (request.selection != nullptr && request.ef <= kMostInPool) {
      return scan(space, request, out);
    }
  } else {
    if (walk(vector_space(request), request, out)) return;
  }
  flat_.search(request, out);
}

bool GraphIndex::search_on(GraphCursor& cursor, const SearchRequest& request,
                           std::vector<Neighbor>& out) const {
  if (codes_.codes == nullptr) {
    return walk_on(vector_space(request), cursor.by_vectors, request, out);
  }
  return walk_on(code_space(request), cursor.by_codes, request, out);
}

CodeSpace GraphIndex::code_space(const SearchRequest& request) const {
  return {request.code.kernel->batch, request.code.code, codes_.codes, codes_.bytes};
}

VectorSpace GraphIndex::vector_space(const SearchRequest& request) const {
  return {kernel::batch_distance(kernel::active(), metric_), request.query, block_, dim_};
}

/// Whether a walk is the shorter way and has found what it should.
template <typename Space>
bool GraphIndex::walk(const Space& space, const SearchRequest& request,
                      std::vector<Neighbor>& out) const {
  using Distance = typename Space::Distance;
  const Plan plan = this->plan(request);
  if (!plan.walks || !request.may_walk) return false;
  thread_local WalkScratch<Distance> scratch;
  Walk<Space> walk(space, graph_, block_.rows, scratch);
  if (request.allows_all) {
    walk.meet_all(request.ef);
    const auto at = [](size_t i) { return scratch.pool.at(i); };
    return take<Distance>(request, scratch.pool.size(), at, scratch.visited, out);
  }
  thread_local std::vector<Met<Distance>> kept;
  free_if_wasteful(kept, request.ef);
  const auto allows = [&](uint32_t node) { return request.rules->allows(row_of(node)); };
  if (!walk.meet_allowed(request.ef, plan.budget, allows, kept)) return false;
  const auto at = [](size_t i) { return kept[i]; };
  return take<Distance>(request, kept.size(), at, scratch.visited, out);
}

template <typename Space>
bool GraphIndex::walk_on(const Space& space, ResumableWalk<typename Space::Distance>& walk,
                         const SearchRequest& request, std::vector<Neighbor>& out) const {
  using Distance = typename Space::Distance;
  const Plan plan = this->plan(request);
  if (!plan.walks) return false;
  thread_local WalkScratch<Distance> scratch;
  GraphSteps<Space> steps(space, graph_, block_.rows, scratch);
  const auto allows = [&](uint32_t node) { return request.rules->allows(row_of(node)); };
  const bool is_done = request.allows_all
                           ? walk.meet_all(steps, scratch, request.ef)
                           : walk.meet_allowed(steps, scratch, request.ef, plan.budget, allows);
  if (!is_done) return false;
  thread_local std::vector<uint32_t> rows;
  free_if_wasteful(rows, request.ef);
  rows.clear();
  const bool is_exact = std::is_same_v<Distance, float> || request.code.is_exact;
  const uint32_t count =
      is_exact ? request.k : rows_to_measure(request.ef, request.k, codes_.measures_one_in);
  walk.take(count, is_exact, rows);
  for (uint32_t& row : rows) row = row_of(row);
  const std::span<const float> distances = this->distances(request, rows);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (is_number(distances[i])) out.push_back({distances[i], rows[i]});
  }
  return true;
}

/// All that the filter takes, by their codes.
void GraphIndex::scan(const CodeSpace& space, const SearchRequest& request,
                      std::vector<Neighbor>& out) const {
  thread_local WalkScratch<uint32_t> scratch;
  scratch.pool.clear(request.ef);
  const Selection& selection = *request.selection;
  const Bitmap& nodes = node_rows_.empty() ? selection.rows : selection.nodes;
  constexpr size_t kAtOnce = 256;
  std::array<uint32_t, kAtOnce> distances;
  nodes.for_each_some<kAtOnce>([&](std::span<uint32_t> some) {
    space.measure(some.data(), some.size(), distances.data());
    for (size_t i = 0; i < some.size(); ++i) {
      if (!scratch.pool.takes(distances[i])) continue;
      if (request.rules->allows(row_of(some[i]))) scratch.pool.insert(distances[i], some[i]);
    }
  });
  const auto at = [](size_t i) { return scratch.pool.at(i); };
  take<uint32_t>(request, scratch.pool.size(), at, scratch.visited, out);
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
uint32_t GraphIndex::row_of(uint32_t node) const {
  if (node_rows_.empty()) return node;
  return node_rows_[node] < block_.rows ? node_rows_[node] : 0;
}

/// The nearest k of these rows, which are all allowed, by their vectors.
void GraphIndex::measure(const SearchRequest& request, std::vector<uint32_t>& rows,
                         std::vector<Neighbor>& out) const {
  const std::span<const float> distances = this->distances(request, rows);
  SearchRequest of_allowed = request;
  of_allowed.allows_all = true;
  NearestRows nearest(of_allowed, out);
  for (size_t i = 0; i < rows.size(); ++i) nearest.offer({distances[i], rows[i]});
  nearest.finish();
}

/// Of these rows, by their vectors; valid until the thread asks again.
std::span<const float> GraphIndex::distances(const SearchRequest& request,
                                             std::span<const uint32_t> rows) const {
  thread_local std::vector<float> distances;
  free_if_wasteful(distances, rows.size());
  distances.resize(rows.size());
  kernel::batch_distance(kernel::active(), metric_)(request.query, block_.vectors, block_.inv_norms,
                                                    rows.data(), rows.size(), dim_,
                                                    distances.data());
  return distances;
}

}  // namespace quiver::index
