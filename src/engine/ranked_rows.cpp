#include "engine/ranked_rows.h"

#include <algorithm>
#include <utility>

namespace quiver::engine {

RankedRows::RankedRows(std::shared_ptr<const View> view, std::vector<float> query,
                       const QueryOptions& options, std::optional<filter::Filter> filter)
    : view_(std::move(view)),
      query_(std::move(query)),
      filter_(std::move(filter)),
      options_(options) {
  options_.filter = filter_ ? &*filter_ : nullptr;
  parts_.reserve(view_->parts.size());
  for (const Part& part : view_->parts) parts_.emplace_back(part, query_.data(), options_);
}

Expected<std::vector<Hit>> RankedRows::next(uint32_t n) {
  std::vector<Hit> hits;
  while (hits.size() < n) {
    const auto best = take_best(n);
    if (!best) return best.error();
    if (!*best) break;
    hits.push_back(**best);
  }
  std::sort(hits.begin(), hits.end(), HitOrder{*view_});
  return hits;
}

/// Of all parts the nearest; nothing where none is left that is near enough.
Expected<std::optional<Hit>> RankedRows::take_best(uint32_t more) {
  std::optional<Hit> best;
  for (uint32_t i = 0; i < parts_.size(); ++i) {
    const auto top = parts_[i].top(more);
    if (!top) return top.error();
    if (*top == nullptr) continue;
    const Hit hit{(*top)->distance, i, (*top)->row};
    if (!best || HitOrder{*view_}(hit, *best)) best = hit;
  }
  if (!best) return best;
  if (options_.has_min_score && !(score_of(best->distance) >= options_.min_score)) {
    parts_.clear();
    return std::optional<Hit>();
  }
  parts_[best->part].pop();
  return best;
}

}  // namespace quiver::engine
