#include "engine/searcher.h"

#include <algorithm>
#include <cmath>

#include "kernel/dispatch.h"

namespace quiver::engine {
namespace {

/// What a search may return of one part.
class PartRules final : public index::RowRules {
 public:
  PartRules(const Part& part, const filter::Filter* filter) : part_(part), filter_(filter) {}

  [[nodiscard]] bool allows(uint32_t row) const override {
    if (!part_.is_live(row)) return false;
    return filter_ == nullptr || filter_->matches(part_.source->metadata(row));
  }

  [[nodiscard]] bool before(uint32_t a, uint32_t b) const override {
    return part_.source->id(a) < part_.source->id(b);
  }

 private:
  const Part& part_;
  const filter::Filter* filter_;
};

}  // namespace

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

std::vector<Hit> search_view(const View& view, std::span<const float> query,
                             const QueryOptions& options) {
  std::vector<Hit> hits;
  std::vector<index::Neighbor> found;
  for (uint32_t i = 0; i < view.parts.size(); ++i) {
    const Part& part = view.parts[i];
    if (part.live() == 0) continue;
    const PartRules rules(part, options.filter);
    index::SearchRequest request;
    request.query = query.data();
    request.k = std::min(options.top_k, part.live());
    request.ef = std::max(options.ef == 0 ? kDefaultEf : options.ef, request.k);
    request.rules = &rules;
    request.allows_all = options.filter == nullptr && part.deleted_count == 0;
    part.source->search(request, part.count, options.exact, found);
    for (const index::Neighbor& neighbor : found)
      hits.push_back({neighbor.distance, i, neighbor.row});
  }
  if (options.has_min_score) {
    std::erase_if(hits,
                  [&](const Hit& hit) { return !(score_of(hit.distance) >= options.min_score); });
  }
  const auto better = [&view](const Hit& a, const Hit& b) {
    if (a.distance != b.distance) return a.distance < b.distance;
    return view.parts[a.part].source->id(a.row) < view.parts[b.part].source->id(b.row);
  };
  const size_t kept = std::min<size_t>(hits.size(), options.top_k);
  std::partial_sort(hits.begin(), hits.begin() + static_cast<ptrdiff_t>(kept), hits.end(), better);
  hits.resize(kept);
  return hits;
}

}  // namespace quiver::engine
