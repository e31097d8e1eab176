#include "index/graph/graph_index.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <type_traits>

#include "base/scratch.h"
#include "index/graph/graph_cursor.h"
#include "index/graph/graph_walk-inl.h"
#include "index/nearest.h"
#include "kernel/dispatch.h"

namespace quiver::index {

GraphIndex::Plan GraphIndex::plan(const SearchRequest& request) const {
  // A walk measures about 8 rows for each candidate that it keeps.
  const uint64_t ef = request.ef;
  const uint64_t walked = ef * 8;
  constexpr uint64_t kUsualWidth = 2048;
  const uint32_t rows = block_.rows;
  if (request.selection == nullptr) {
    return {walked < rows, rows / 8, static_cast<size_t>(std::max(ef, kUsualWidth))};
  }
  // It meets as many more as the filter takes fewer; and a row that a walk measures costs about as
  // much as four that are measured in order.
  constexpr uint32_t kInOrder = 4;
  const uint32_t taken = request.selection->count;
  const bool walks = walked * kInOrder * rows < uint64_t{taken} * taken;
  // Twice as many as there will be when it has found enough, as filters are not even.
  const uint64_t width = walks ? std::max(2 * ef * rows / taken, kUsualWidth) : 0;
  return {walks, taken / kInOrder, static_cast<size_t>(width)};
}

Way GraphIndex::search(const SearchRequest& request, std::vector<Neighbor>& out) const {
  if (codes_.codes != nullptr) {
    const CodeSpace space = code_space(request);
    const bool is_found = request.trace == nullptr ? walk(space, request, out)
                                                   : traced_walk(space, codes_.bytes, request, out);
    if (is_found) return Way::kWalk;
    // A pool is sorted by insertion: of very many candidates a heap is the better one.
    constexpr uint32_t kMostInPool = 4096;
    if (request.selection != nullptr && request.ef <= kMostInPool) {
      scan(space, request, out);
      return Way::kCodeScan;
    }
  } else {
    const VectorSpace space = vector_space(request);
    const bool is_found = request.trace == nullptr
                              ? walk(space, request, out)
                              : traced_walk(space, dim_ * sizeof(float), request, out);
    if (is_found) return Way::kWalk;
  }
  return flat_.search(request, out);
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
      if (request.selection_decides || request.rules->allows(row_of(some[i])))
        scratch.pool.insert(distances[i], some[i]);
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
