#include "index/graph/graph_index.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string>
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

/// One for walks and scans, traced or not.
template <typename Distance>
WalkScratch<Distance>& scratch_of_thread() {
  thread_local WalkScratch<Distance> scratch;
  return scratch;
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

/// Why the plan is what it is.
std::string GraphIndex::reason(const SearchRequest& request, const Plan& plan) const {
  const std::string walked = "a walk that keeps " + std::to_string(request.ef) +
                             " candidates measures about " +
                             std::to_string(uint64_t{request.ef} * 8) + " rows";
  const std::string rows = std::to_string(block_.rows);
  if (request.selection == nullptr) {
    if (!plan.walks) return walked + ", and there are only " + rows;
    if (request.allows_all) return walked + " of " + rows;
    return walked + " of " + rows + ", and as many more as fewer of them may be results; after " +
           std::to_string(plan.budget) + " it is given up";
  }
  const std::string taken =
      "the filter takes " + std::to_string(request.selection->count) + " of " + rows + " rows; ";
  const std::string compared = walked + ", and as many more as the filter takes fewer, ";
  if (!plan.walks)
    return taken + compared + "which costs more than to measure those taken in order";
  return taken + compared + "which costs less than to measure those taken in order; after " +
         std::to_string(plan.budget) + " it is given up";
}

Way GraphIndex::search(const SearchRequest& request, std::vector<Neighbor>& out) const {
  if (codes_.codes != nullptr) {
    const CodeSpace space = code_space(request);
    if (traced_walk(space, codes_.bytes, request, out)) return Way::kWalk;
    // A pool is sorted by insertion: of very many candidates a heap is the better one.
    constexpr uint32_t kMostInPool = 4096;
    if (request.selection != nullptr && request.ef <= kMostInPool) {
      scan(space, request, out);
      return Way::kCodeScan;
    }
  } else {
    if (traced_walk(vector_space(request), dim_ * sizeof(float), request, out)) return Way::kWalk;
  }
  return flat_.search(request, out);
}

/// walk(), and what it did where somebody asks. `row_bytes`: what is read for a distance.
template <typename Space>
bool GraphIndex::traced_walk(const Space& space, size_t row_bytes, const SearchRequest& request,
                             std::vector<Neighbor>& out) const {
  if (request.trace == nullptr) return walk(space, request, out);
  SearchTrace& trace = *request.trace;
  const bool is_found = walk(CountedSpace<Space>{space, trace}, request, out);
  if (trace.lists == 0) return is_found;
  --trace.lists;  // the first row is in no list
  trace.bytes += trace.distances * row_bytes + trace.lists * 2 * graph_.m * sizeof(uint32_t);
  trace.gave_up_walk = !is_found;
  return is_found;
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
  if (request.trace != nullptr) request.trace->why = reason(request, plan);
  if (!plan.walks || !request.may_walk) return false;
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
  thread_local std::vector<Met<Distance>> kept;
  free_if_wasteful(kept, request.ef);
  const auto allows = [&](uint32_t node) { return request.rules->allows(row_of(node)); };
  const bool is_done = walk.meet_allowed(request.ef, plan.budget, allows, kept);
  note();
  if (!is_done) return false;
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
  WalkScratch<uint32_t>& scratch = scratch_of_thread<uint32_t>();
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
  if (request.trace != nullptr) {
    request.trace->visited += selection.count;
    request.trace->distances += selection.count;
    request.trace->bytes += uint64_t{selection.count} * codes_.bytes;
  }
  const auto at = [&scratch](size_t i) { return scratch.pool.at(i); };
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
  const auto start = request.trace == nullptr ? std::chrono::steady_clock::time_point()
                                              : std::chrono::steady_clock::now();
  const std::span<const float> distances = this->distances(request, rows);
  SearchRequest of_allowed = request;
  of_allowed.allows_all = true;
  NearestRows nearest(of_allowed, out);
  for (size_t i = 0; i < rows.size(); ++i) nearest.offer({distances[i], rows[i]});
  nearest.finish();
  if (request.trace == nullptr) return;
  request.trace->reranking += std::chrono::steady_clock::now() - start;
  request.trace->reranked += rows.size();
  request.trace->bytes += rows.size() * dim_ * sizeof(float);
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
