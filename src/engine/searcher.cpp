#include "engine/searcher.h"

#include <algorithm>
#include <cmath>

#include "engine/part_rules.h"
#include "kernel/dispatch.h"

namespace quiver::engine {
Expected<std::vector<float>> prepare_query(const View& view, Metric metric,
                                           std::span<const float> query) {
  if (view.dim != 0 && query.size() != view.dim) {
    return Error{Code::kDimensionMismatch, "Expected a query vector of " +
                                               std::to_string(view.dim) + " dimensions, got " +
                                               std::to_string(query.size())};
  }
  for (size_t i = 0; i < query.size(); ++i) {
    if (!std::isfinite(query[i])) {
      return Error{Code::kInvalidVector, "Expected finite numbers in the query vector, got " +
                                             std::to_string(query[i]) + " at position " +
                                             std::to_string(i)};
    }
  }
  std::vector<float> prepared(query.begin(), query.end());
  if (metric == Metric::kCosine) {
    const float scale =
        kernel::inverse_norm(prepared.data(), static_cast<uint32_t>(prepared.size()));
    for (float& x : prepared) x *= scale;
  }
  return prepared;
}

Expected<std::vector<Hit>> search_view(const View& view, std::span<const float> query,
                                       const QueryOptions& options) {
  std::vector<Hit> hits;
  std::vector<index::Neighbor> found;
  for (uint32_t i = 0; i < view.parts.size(); ++i) {
    const Part& part = view.parts[i];
    if (part.live() == 0) continue;
    std::shared_ptr<const index::Selection> selection;
    if (options.filter != nullptr) {
      auto selected = part.source->select(*options.filter);
      if (!selected) return selected.error();
      selection = std::move(*selected);
      if (selection && selection->count == 0) continue;
    }
    const PartRules rules(part, options.filter, selection.get());
    index::SearchRequest request;
    request.query = query.data();
    request.k = std::min(options.top_k, part.live());
    request.ef =
        options.ef != 0 ? options.ef : part.source->ef_for(options.target_recall, options.top_k);
    // No more can be met: so much memory no search asks for.
    request.ef = std::max(std::min(request.ef, part.count), request.k);
    request.rules = &rules;
    request.allows_all = options.filter == nullptr && part.deleted_count == 0;
    request.selection = selection.get();
    part.source->search(request, part.count, options.exact, found);
    if (!rules.read()) return rules.read().error();
    for (const index::Neighbor& neighbor : found)
      hits.push_back({neighbor.distance, i, neighbor.row});
  }
  if (options.has_min_score) {
    std::erase_if(hits,
                  [&](const Hit& hit) { return !(score_of(hit.distance) >= options.min_score); });
  }
  const size_t kept = std::min<size_t>(hits.size(), options.top_k);
  std::partial_sort(hits.begin(), hits.begin() + static_cast<ptrdiff_t>(kept), hits.end(),
                    HitOrder{view});
  hits.resize(kept);
  return hits;
}

}  // namespace quiver::engine
