#pragma once

#include <span>
#include <vector>

#include "base/expected.h"
#include "engine/query_trace.h"
#include "engine/result_block.h"
#include "engine/view.h"
#include "filter/filter.h"
#include "kernel/metric.h"

namespace quiver::engine {

/// What share of the nearest rows is found when the caller names neither that nor an ef.
inline constexpr float kDefaultRecall = 0.99F;

struct QueryOptions {
  uint32_t top_k = 10;
  uint32_t ef = 0;  ///< 0: what target_recall takes
  float target_recall = kDefaultRecall;
  float min_score = 0;
  bool has_min_score = false;
  bool exact = false;
  const filter::Filter* filter = nullptr;
};

/// Of hits of one view: best first, equal scores by id.
struct HitOrder {
  const View& view;

  bool operator()(const Hit& a, const Hit& b) const {
    if (a.distance != b.distance) return a.distance < b.distance;
    return id_before(view.row(a.part, a.row), view.row(b.part, b.row));
  }
};

/// Checks a query vector (length, finite) and brings it into the form that the kernels take: scaled
/// to unit length under cosine; a zero vector stays zero.
Expected<std::vector<float>> prepare_query(const View& view, Metric metric,
                                           std::span<const float> query);

/// The nearest live items that pass the filter, best first, equal scores by id: min(top_k, matches)
/// of them, fewer only if min_score cuts them off. `query` as prepare_query returned it.
/// CORRUPT_FILE if what the filter has to read is not sound. `trace`: what is told of it, or null.
Expected<std::vector<Hit>> search_view(const View& view, std::span<const float> query,
                                       const QueryOptions& options, QueryTrace* trace = nullptr);

}  // namespace quiver::engine
