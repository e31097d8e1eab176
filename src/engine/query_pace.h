#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace quiver::engine {

/// How long a plain query (no filter, not exact) is likely to take, from those before. Quick to
/// learn that queries have become slow, slow to learn the opposite. Any number of threads.
class QueryPace {
 public:
  void record(uint32_t ef, std::chrono::nanoseconds took) {
    const auto now = static_cast<float>(took.count()) / work_of(ef);
    const float before = pace_.load(std::memory_order_relaxed);
    const float share = now > before ? kUp : kDown;
    pace_.store(before == 0 ? now : before + (now - before) * share, std::memory_order_relaxed);
  }

  /// After what makes the next query slower than those before, as rows that are not in memory.
  void forget() { pace_.store(0, std::memory_order_relaxed); }

  /// The longest there is while nothing is known.
  [[nodiscard]] std::chrono::nanoseconds estimate(uint32_t ef) const {
    const float pace = pace_.load(std::memory_order_relaxed);
    if (pace == 0) return std::chrono::nanoseconds::max();
    return std::chrono::nanoseconds(static_cast<int64_t>(pace * work_of(ef)));
  }

 private:
  static constexpr float kUp = 0.5F;
  static constexpr float kDown = 0.0625F;

  /// A walk measures rows in proportion to ef, after some that lead to the first.
  static float work_of(uint32_t ef) { return static_cast<float>(ef) + 16; }

  std::atomic<float> pace_{0};  // nanoseconds
};

}  // namespace quiver::engine
