#include "index/graph/graph_index.h"

#include <algorithm>
#include <type_traits>

#include "base/scratch.h"
#include "index/graph/walk.h"
#include "index/nearest.h"
#include "kernel/dispatch.h"

namespace quiver::index {
namespace {

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
void choose(const SearchRequest& request, bool is_exact, uint32_t estimated, size_t size,
            const At& at, std::vector<uint32_t>& rows) {
  size_t count = std::min<size_t>(size, is_exact ? request.k : estimated);
  while (is_exact && count < size && at(count).distance == at(count - 1).distance) ++count;
  rows.clear();
  for (size_t i = 0; i < count; ++i) rows.push_back(at(i).row);
}

}  // namespace

void GraphIndex::search(const SearchRequest& request, std::vector<Neighbor>& out) const {
  // A walk measures about 8 rows for each candidate that it keeps.
  bool found = uint64_t{request.ef} * 8 < block_.rows;
  if (found && codes_.codes != nullptr) {
    found = search_in(
        CodeSpace{request.code.kernel->batch, request.code.code, codes_.codes, codes_.bytes},
        request, out);
  } else if (found) {
    const kernel::BatchDistance batch = kernel::batch_distance(kernel::active(), metric_);
    found = search_in(VectorSpace{batch, request.query, block_, dim_}, request, out);
  }
  if (!found) flat_.search(request, out);
}

template <typename Space>
bool GraphIndex::search_in(const Space& space, const SearchRequest& request,
                           std::vector<Neighbor>& out) const {
  using Distance = typename Space::Distance;
  thread_local WalkScratch<Distance> scratch;
  thread_local std::vector<uint32_t> rows;
  const bool is_exact = std::is_same_v<Distance, float> || request.code.is_exact;
  const uint32_t estimated = rows_to_measure(request.ef, request.k, codes_.measures_one_in);
  Walk<Space> walk(space, graph_, block_.rows, scratch);
  free_if_wasteful(rows, request.ef);
  if (request.allows_all) {
    walk.meet_all(request.ef);
    const auto at = [](size_t i) { return scratch.pool.at(i); };
    choose(request, is_exact, estimated, scratch.pool.size(), at, rows);
  } else {
    thread_local std::vector<Met<Distance>> kept;
    free_if_wasteful(kept, request.ef);
    const auto allows = [&](uint32_t node) { return request.rules->allows(row_of(node)); };
    if (!walk.meet_allowed(request.ef, allows, kept)) return false;
    const auto at = [](size_t i) { return kept[i]; };
    choose(request, is_exact, estimated, kept.size(), at, rows);
  }
  for (uint32_t& row : rows) row = row_of(row);
  if (!node_rows_.empty()) {
    // In a damaged file several nodes can be one row.
    scratch.visited.clear(block_.rows);
    std::erase_if(rows, [](uint32_t row) { return !scratch.visited.insert(row); });
  }
  measure(request, rows, out);
  // Fewer only where lists or vectors are damaged.
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
  thread_local std::vector<float> distances;
  free_if_wasteful(distances, rows.size());
  distances.resize(rows.size());
  kernel::batch_distance(kernel::active(), metric_)(request.query, block_.vectors, block_.inv_norms,
                                                    rows.data(), rows.size(), dim_,
                                                    distances.data());
  SearchRequest of_allowed = request;
  of_allowed.allows_all = true;
  NearestRows nearest(of_allowed, out);
  for (size_t i = 0; i < rows.size(); ++i) nearest.offer({distances[i], rows[i]});
  nearest.finish();
}

}  // namespace quiver::index
