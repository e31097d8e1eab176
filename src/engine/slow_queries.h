#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace quiver::engine {

/// A query that took long.
struct SlowQuery {
  std::chrono::system_clock::time_point ended;
  std::chrono::nanoseconds took{0};
  uint32_t top_k = 0;
  uint32_t ef = 0;  ///< as it was asked for; 0: it was not
  uint32_t results = 0;
  std::string plan;  ///< PlanKinds::names
  Buffer filter;     ///< a msgpack map; empty: none
};

/// The newest queries that took at least so long: 100 of them, or fewer whose filters take 1 MiB.
/// Threads: any. A query that is not among them costs one comparison.
class SlowQueries {
 public:
  /// `from`: none counts as slow without it.
  explicit SlowQueries(std::optional<std::chrono::nanoseconds> from)
      : from_(from.value_or(std::chrono::nanoseconds::max())) {}

  [[nodiscard]] bool counts(std::chrono::nanoseconds took) const { return took >= from_; }
  void add(SlowQuery query);

  /// The array of docs/engine-messages.md, the newest first.
  [[nodiscard]] Buffer encode() const;

 private:
  static constexpr size_t kMost = 100;
  static constexpr size_t kMostFilterBytes = size_t{1} << 20;

  const std::chrono::nanoseconds from_;
  mutable std::mutex mutex_;
  std::list<SlowQuery> queries_;  // the newest in front
  size_t filter_bytes_ = 0;
};

}  // namespace quiver::engine
