#pragma once

#include <span>
#include <vector>

#include "base/expected.h"
#include "engine/result_block.h"
#include "engine/view.h"
#include "filter/filter.h"
#include "kernel/metric.h"

namespace quiver::engine {

struct QueryOptions {
  uint32_t top_k = 10;
  uint32_t ef = 0;  ///< 0: the default
  float min_score = 0;
  bool has_min_score = false;
  bool exact = false;
  const filter::Filter* filter = nullptr;
};

/// Candidates that a walk keeps when the caller names no ef; docs/performance.md has the recall
/// that it gives.
inline constexpr uint32_t kDefaultEf = 160;

/// How many candidates a walk for `top_k` neighbours keeps (`ef` 0: the default).
constexpr uint32_t walk_width(uint32_t ef, uint32_t top_k) {
  return std::max(ef == 0 ? kDefaultEf : ef, top_k);
}

/// Checks a query vector (length, finite) and brings it into the form that the kernels take: scaled
/// to unit length under cosine; a zero vector stays zero.
Expected<std::vector<float>> prepare_query(const View& view, Metric metric,
                                           std::span<const float> query);

/// The nearest live items that pass the filter, best first, equal scores by id: min(top_k, matches)
/// of them, fewer only if min_score cuts them off. `query` as prepare_query returned it.
/// CORRUPT_FILE if what the filter has to read is not sound.
Expected<std::vector<Hit>> search_view(const View& view, std::span<const float> query,
                                       const QueryOptions& options);

}  // namespace quiver::engine
