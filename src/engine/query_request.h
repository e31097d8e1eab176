#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/expected.h"
#include "engine/result_cache.h"
#include "engine/searcher.h"
#include "engine/variety.h"
#include "filter/filter.h"

namespace quiver::engine {

/// What stands before the vectors of a QUERY (docs/engine-messages.md).
struct QueryHeader {
  static constexpr uint32_t kIncludeVectors = 1;
  static constexpr uint32_t kExact = 2;
  static constexpr uint32_t kMayStop = 4;
  static constexpr uint32_t kExplain = 8;

  uint32_t top_k, ef, flags;
  float min_score, target_recall;
  uint32_t queries, dim, filter_bytes, options_bytes;

  [[nodiscard]] bool has(uint32_t flag) const { return (flags & flag) != 0; }
};

/// A QUERY with nothing looked at but how long its parts are. Borrows the request, behind which
/// more may stand.
struct QueryParts {
  QueryHeader header;
  Bytes vectors;
  Bytes filter;
  Bytes options;

  /// `request`: what follows the operation. INVALID_ARGUMENT if it is shorter than it says.
  static Expected<QueryParts> split(Bytes request);

  [[nodiscard]] std::span<const float> vector(uint32_t i) const;
  /// What the cache knows the query `i` by.
  class Key;
  /// What QueryPace takes for the width of a walk: where the graph chooses it, always the same.
  [[nodiscard]] uint32_t paced_ef() const;
  /// What QueryPace knows the filter by.
  [[nodiscard]] uint64_t paced_filter() const;
};

class QueryParts::Key {
 public:
  Key(const QueryParts& parts, uint32_t i);
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  [[nodiscard]] const QueryKey& operator*() const { return key_; }

 private:
  QueryHeader header_;
  QueryKey key_;
};

/// A QUERY that can be carried out.
struct QueryRequest {
  QueryParts parts;
  std::optional<filter::Filter> filter;
  Variety variety;

  /// INVALID_ARGUMENT, INVALID_TOP_K or INVALID_FILTER say what is wrong.
  static Expected<QueryRequest> parse(const QueryParts& parts);

  /// Those of each of its searches; borrows the filter.
  [[nodiscard]] QueryOptions options() const;
};

/// Parses what may be no filter: empty bytes.
Expected<std::optional<filter::Filter>> parse_filter(Bytes bytes);

/// Sets what a message says of score and recall: minus infinity, and 0 and what is no recall, stand
/// for nothing.
void set_score_and_recall(QueryOptions& options, float min_score, float target_recall);

}  // namespace quiver::engine
