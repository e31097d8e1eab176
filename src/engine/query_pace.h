#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace quiver::engine {

/// How long a query that is not exact is likely to take, from those before it with the same filter.
/// Quick to learn that queries have become slow, slow to learn the opposite. Any number of threads.
class QueryPace {
 public:
  /// `filter`: a hash of the query's filter, 0 for none. Of many filters some are forgotten.
  void record(uint32_t ef, std::chrono::nanoseconds took, uint64_t filter = 0) {
    const auto now = static_cast<float>(took.count()) / work_of(ef);
    std::atomic<Pace>& place = place_of(filter);
    const Pace known = place.load(std::memory_order_relaxed);
    const float before = known.filter == tag_of(filter) ? known.pace : 0;
    const float share = now > before ? kUp : kDown;
    place.store({tag_of(filter), before == 0 ? now : before + (now - before) * share},
                std::memory_order_relaxed);
  }

  /// After what makes the next query slower than those before, as rows that are not in memory.
  void forget() {
    for (std::atomic<Pace>& place : paces_) place.store({}, std::memory_order_relaxed);
  }

  /// The longest there is while nothing is known.
  [[nodiscard]] std::chrono::nanoseconds estimate(uint32_t ef, uint64_t filter = 0) const {
    const Pace known = place_of(filter).load(std::memory_order_relaxed);
    if (known.filter != tag_of(filter) || known.pace == 0) return std::chrono::nanoseconds::max();
    return std::chrono::nanoseconds(static_cast<int64_t>(known.pace * work_of(ef)));
  }

 private:
  struct Pace {
    uint32_t filter = 0;
    float pace = 0;  // nanoseconds; 0: not known
  };
  static_assert(std::atomic<Pace>::is_always_lock_free);

  static constexpr float kUp = 0.5F;
  static constexpr float kDown = 0.0625F;

  /// A walk measures rows in proportion to ef, after some that lead to the first.
  static float work_of(uint32_t ef) { return static_cast<float>(ef) + 16; }

  static uint32_t tag_of(uint64_t filter) { return static_cast<uint32_t>(filter >> 32); }
  /// The first is for queries without one.
  static size_t index_of(uint64_t filter) {
    return filter == 0 ? 0 : 1 + static_cast<size_t>(filter % kFilters);
  }
  std::atomic<Pace>& place_of(uint64_t filter) { return paces_[index_of(filter)]; }
  [[nodiscard]] const std::atomic<Pace>& place_of(uint64_t filter) const {
    return paces_[index_of(filter)];
  }

  static constexpr size_t kFilters = 64;
  std::array<std::atomic<Pace>, 1 + kFilters> paces_{};
};

}  // namespace quiver::engine
