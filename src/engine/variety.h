#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "engine/result_block.h"
#include "engine/searcher.h"
#include "engine/view.h"
#include "kernel/metric.h"

namespace quiver::engine {

/// At most `limit` results whose metadata have the same value in a field.
struct GroupBy {
  std::string field;  ///< a path, as in filters
  uint32_t limit = 1;
};

/// Results that differ from each other: maximal marginal relevance.
struct Mmr {
  double lambda = 0;        ///< 1: only how near they are counts; 0: only how they differ
  uint32_t candidates = 0;  ///< that results are picked from, at least as many as these
};

/// What a query may ask for beside the nearest.
struct Variety {
  std::optional<GroupBy> group_by;
  std::optional<Mmr> mmr;
};

/// Reads the options of a QUERY (docs/engine-messages.md), which may be untrusted; empty bytes for
/// none. INVALID_ARGUMENT names what is wrong.
Expected<Variety> parse_variety(Bytes options, uint32_t top_k);

/// The nearest rows of which at most so many have the same value, best first: a stream is read
/// until there are top_k of them or nothing is left. Rows without the field are one group with
/// those where it is null. Values are the same as `$eq` has it, but arrays as a whole.
/// CORRUPT_FILE if what has to be read is not sound.
Expected<std::vector<Hit>> search_grouped(const std::shared_ptr<const View>& view,
                                          std::span<const float> query, const QueryOptions& options,
                                          const GroupBy& group_by);

/// Of the nearest `candidates` rows top_k, one after the other: each the one that has the largest
/// lambda · score − (1 − lambda) · (the largest score of it with one that was picked before), where
/// the score of two rows is what the metric gives for them; of equal ones the better result. The
/// first is the best result. O(top_k · candidates · dim). Source: Carbonell & Goldstein 1998.
Expected<std::vector<Hit>> search_diverse(const View& view, Metric metric,
                                          std::span<const float> query, const QueryOptions& options,
                                          const Mmr& mmr, QueryTrace* trace = nullptr);

}  // namespace quiver::engine
