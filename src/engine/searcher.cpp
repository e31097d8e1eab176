#include "engine/searcher.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "base/not_finite.h"
#include "engine/part_rules.h"
#include "kernel/dispatch.h"

namespace quiver::engine {
namespace {

/// The same rules, and how often they were asked.
class CountedRules final : public index::RowRules {
 public:
  CountedRules(const index::RowRules& rules, PartTrace& trace) : rules_(rules), trace_(trace) {}

  [[nodiscard]] bool allows(uint32_t row) const override {
    ++trace_.asked;
    const bool is_allowed = rules_.allows(row);
    if (is_allowed) ++trace_.taken;
    return is_allowed;
  }
  [[nodiscard]] bool before(uint32_t a, uint32_t b) const override { return rules_.before(a, b); }

 private:
  const index::RowRules& rules_;
  PartTrace& trace_;
};

std::string_view reason(Selected::By by) {
  switch (by) {
    case Selected::By::kNoIndex:
      return "row by row";
    case Selected::By::kNoColumns:
      return "row by row: rows that are in no segment yet have no columns";
    case Selected::By::kFirstTime:
      return "row by row: to read the columns takes long, and is done when the filter comes again";
    case Selected::By::kColumns:
      return "column by column";
    case Selected::By::kMemory:
      return "remembered from when it was last asked";
  }
  return {};
}

PlanKind kind_of(const Part& part, index::Way way, bool is_filtered) {
  switch (way) {
    case index::Way::kExactScan:
      return part.source->file() == nullptr ? PlanKind::kHeadScan : PlanKind::kExactScan;
    case index::Way::kSelectedScan:
      return PlanKind::kSelectedScan;
    case index::Way::kCodeScan:
      return PlanKind::kCodeScan;
    case index::Way::kWalk:
      return is_filtered ? PlanKind::kFilteredWalk : PlanKind::kWalk;
  }
  return PlanKind::kSkipped;
}

/// Of a part in which nothing is looked for, so far.
PartTrace& begin_trace(const Part& part, QueryTrace& trace) {
  PartTrace& told = trace.parts.emplace_back();
  if (const store::SegmentFile* file = part.source->file()) told.name = file->name();
  told.rows = part.count;
  told.live = part.live();
  told.search.why = part.live() == 0 ? "all of its rows are deleted" : "the filter takes no row";
  return told;
}

void tell_filter(const Selected& selected, std::chrono::nanoseconds took, PartTrace& told) {
  told.filter_by = selected.by;
  told.filter_why = reason(selected.by);
  if (selected.indexed.share != filter::Indexed::Share::kAll) {
    if (selected.rows) told.filter_why += ", then row by row";
    told.filter_why += ": the field " + std::string(selected.indexed.other) + " is not indexed";
  }
  told.is_asked = !selected.is_whole();
  if (selected.rows) told.selected = selected.rows->count;
  told.filtering = took;
}

/// A clock that stands still where nobody looks at it.
class Stopwatch {
 public:
  explicit Stopwatch(bool runs) : runs_(runs) {
    if (runs_) last_ = std::chrono::steady_clock::now();
  }

  /// Since the last call.
  std::chrono::nanoseconds lap() {
    if (!runs_) return {};
    const auto before = std::exchange(last_, std::chrono::steady_clock::now());
    return last_ - before;
  }

 private:
  bool runs_;
  std::chrono::steady_clock::time_point last_;
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
                                             text_of_not_finite(query[i]) + " at position " +
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
                                       const QueryOptions& options, QueryTrace* trace) {
  const bool is_explained = trace != nullptr && trace->is_explained;
  std::vector<Hit> hits;
  std::vector<index::Neighbor> found;
  for (uint32_t i = 0; i < view.parts.size(); ++i) {
    const Part& part = view.parts[i];
    PartTrace* const told = is_explained ? &begin_trace(part, *trace) : nullptr;
    if (part.live() == 0) continue;
    Stopwatch watch(is_explained);
    Selected selected;
    if (options.filter != nullptr) {
      auto answered = part.source->select_how(*options.filter);
      if (!answered) return answered.error();
      selected = std::move(*answered);
      if (told != nullptr) tell_filter(selected, watch.lap(), *told);
      if (selected.rows && selected.rows->count == 0) continue;
    }
    const PartRules rules(part, selected.is_whole() ? nullptr : options.filter,
                          selected.rows.get());
    index::SearchRequest request;
    request.query = query.data();
    request.k = std::min(options.top_k, part.live());
    request.ef =
        options.ef != 0 ? options.ef : part.source->ef_for(options.target_recall, options.top_k);
    // No more can be met: so much memory no search asks for.
    request.ef = std::max(std::min(request.ef, part.count), request.k);
    request.rules = &rules;
    request.allows_all = options.filter == nullptr && part.deleted_count == 0;
    request.selection = selected.rows.get();
    // Where it is told how often they are asked, they are.
    request.selection_decides = selected.is_whole() && part.deleted_count == 0 && told == nullptr;
    std::optional<CountedRules> counted;
    if (told != nullptr) {
      request.rules = &counted.emplace(rules, *told);
      request.trace = &told->search;
    }
    const index::Way way = part.source->search(request, part.count, options.exact, found);
    if (!rules.read()) return rules.read().error();
    const PlanKind kind = kind_of(part, way, options.filter != nullptr);
    if (trace != nullptr) trace->kinds.add(kind);
    if (told != nullptr) {
      told->kind = kind;
      told->ef = request.ef;
      told->found = static_cast<uint32_t>(found.size());
      told->searching = watch.lap();
    }
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
