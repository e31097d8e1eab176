#include "engine/variety.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/msgpack.h"
#include "engine/group_key.h"
#include "engine/ranked_rows.h"
#include "engine/row_fields.h"
#include "kernel/dispatch.h"

namespace quiver::engine {
namespace {

using msgpack::Kind;
using msgpack::Value;

constexpr uint32_t kMost = std::numeric_limits<uint32_t>::max();

Error invalid(std::string_view what) {
  return Error{Code::kInvalidArgument, "Expected " + std::string(what)};
}

std::optional<uint32_t> whole_from(const Value& value, uint32_t least) {
  const auto whole = value.whole();
  if (!whole || *whole < least || *whole > kMost) return std::nullopt;
  return static_cast<uint32_t>(*whole);
}

Expected<GroupBy> parse_group_by(const Value& value) {
  const auto field = value.find("field");
  const auto limit = value.find("limit");
  if (value.size() != 2 || !field || !limit) return invalid("a field and a limit in groupBy");
  const auto most = whole_from(*limit, 1);
  if (!field->is(Kind::kText) || field->text().empty()) {
    return invalid("the path of a field in groupBy.field");
  }
  if (!most) return invalid("a whole number of at least 1 in groupBy.limit");
  return GroupBy{std::string(field->text()), *most};
}

Expected<Mmr> parse_mmr(const Value& value, uint32_t top_k) {
  const auto lambda = value.find("lambda");
  const auto candidates = value.find("candidates");
  if (value.size() != 2 || !lambda || !candidates) return invalid("lambda and candidates in mmr");
  const auto count = whole_from(*candidates, top_k);
  if (!lambda->is(Kind::kNumber) || !(lambda->number() >= 0 && lambda->number() <= 1)) {
    return invalid("a number from 0 to 1 in mmr.lambda");
  }
  if (!count) return invalid("a whole number of at least topK in mmr.candidates");
  return Mmr{lambda->number(), *count};
}

}  // namespace

Expected<Variety> parse_variety(Bytes options, uint32_t top_k) {
  Variety variety;
  if (options.empty()) return variety;
  if (auto sound = msgpack::validate(options, "The options of a query"); !sound) {
    return sound.error();
  }
  const Value map(options);
  if (!map.is(Kind::kMap)) return invalid("a map of options");
  for (const msgpack::Entry& entry : map.entries()) {
    if (entry.key == "groupBy") {
      auto group_by = parse_group_by(entry.value);
      if (!group_by) return group_by.error();
      variety.group_by = std::move(*group_by);
    } else if (entry.key == "mmr") {
      auto mmr = parse_mmr(entry.value, top_k);
      if (!mmr) return mmr.error();
      variety.mmr = *mmr;
    } else {
      return invalid("groupBy or mmr, got the option " + std::string(entry.key));
    }
  }
  if (variety.group_by && variety.mmr) return invalid("one of groupBy and mmr, got both");
  return variety;
}

Expected<std::vector<Hit>> search_grouped(const std::shared_ptr<const View>& view,
                                          std::span<const float> query, const QueryOptions& options,
                                          const GroupBy& group_by) {
  RankedRows rows(view, {query.begin(), query.end()}, options,
                  options.filter == nullptr ? std::nullopt : std::optional(*options.filter));
  const HitOrder order{*view};
  // Of each group the best ones, in order: one that is found late takes the place of another.
  std::unordered_map<std::string, std::vector<Hit>> groups;
  uint64_t count = 0;
  RowFields fields;
  for (uint32_t more = options.top_k; count < options.top_k; more = std::min(more, kMost / 2) * 2) {
    const auto batch = rows.next(more);
    if (!batch) return batch.error();
    if (batch->empty()) break;
    for (const Hit& hit : *batch) {
      fields.go_to(view->row(hit.part, hit.row));
      std::vector<Hit>& group = groups[group_key(filter::find_path(fields, group_by.field))];
      if (!fields.read()) return fields.read().error();
      const auto place = std::upper_bound(group.begin(), group.end(), hit, order);
      if (group.size() < group_by.limit) {
        ++count;
      } else if (place == group.end()) {
        continue;
      } else {
        group.pop_back();
      }
      group.insert(place, hit);
    }
  }
  std::vector<Hit> hits;
  for (const auto& [key, group] : groups) hits.insert(hits.end(), group.begin(), group.end());
  std::sort(hits.begin(), hits.end(), order);
  hits.resize(std::min<size_t>(hits.size(), options.top_k));
  return hits;
}

Expected<std::vector<Hit>> search_diverse(const View& view, Metric metric,
                                          std::span<const float> query, const QueryOptions& options,
                                          const Mmr& mmr, QueryTrace* trace) {
  QueryOptions of_candidates = options;
  of_candidates.top_k = mmr.candidates;
  auto candidates = search_view(view, query, of_candidates, trace);
  if (!candidates) return candidates.error();
  const auto vector_of = [&view](const Hit& hit) {
    return view.parts[hit.part].source->vector(hit.row);
  };
  const kernel::PairDistance distance = kernel::pair_distance(kernel::active(), metric);
  std::vector<Hit> picked;
  // Of those that are left, in order; the score of each with the one that is most like it.
  std::vector<Hit>& left = *candidates;
  std::vector<float> alike(left.size(), -std::numeric_limits<float>::infinity());
  while (!left.empty() && picked.size() < options.top_k) {
    size_t best = 0;
    double best_value = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < left.size() && !picked.empty(); ++i) {
      const double value =
          mmr.lambda * double{score_of(left[i].distance)} - (1 - mmr.lambda) * double{alike[i]};
      if (value > best_value) {
        best = i;
        best_value = value;
      }
    }
    picked.push_back(left[best]);
    left.erase(left.begin() + static_cast<ptrdiff_t>(best));
    alike.erase(alike.begin() + static_cast<ptrdiff_t>(best));
    const float* last = vector_of(picked.back());
    for (size_t i = 0; i < left.size(); ++i) {
      alike[i] = std::max(alike[i], score_of(distance(last, vector_of(left[i]), view.dim)));
    }
  }
  return picked;
}

}  // namespace quiver::engine
