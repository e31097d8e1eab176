// Walks that tell what they did.

#include <string>

#include "index/graph/graph_walk-inl.h"

namespace quiver::index {

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

/// walk(), and what it did, for who asks. `row_bytes`: what is read for a distance.
template <typename Space>
bool GraphIndex::traced_walk(const Space& space, size_t row_bytes, const SearchRequest& request,
                             std::vector<Neighbor>& out) const {
  SearchTrace& trace = *request.trace;
  const bool is_found = walk(CountedSpace<Space>{space, trace}, request, out);
  if (trace.lists == 0) return is_found;
  --trace.lists;  // the first row is in no list
  trace.bytes += trace.distances * row_bytes + trace.lists * 2 * graph_.m * sizeof(uint32_t);
  trace.gave_up_walk = !is_found;
  return is_found;
}

template bool GraphIndex::traced_walk(const CodeSpace&, size_t, const SearchRequest&,
                                      std::vector<Neighbor>&) const;
template bool GraphIndex::traced_walk(const VectorSpace&, size_t, const SearchRequest&,
                                      std::vector<Neighbor>&) const;

}  // namespace quiver::index
