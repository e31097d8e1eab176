#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace quiver::engine {

/// Counts durations in buckets at most 1/16 apart, from 1 ns to centuries (the layout of HDR
/// histograms, Tene). Any number of threads record; a reader sees some recent state.
class Histogram {
 public:
  void record(uint64_t nanoseconds) {
    counts_[bucket(nanoseconds)].fetch_add(1, std::memory_order_relaxed);
    total_.fetch_add(nanoseconds, std::memory_order_relaxed);
    uint64_t seen = max_.load(std::memory_order_relaxed);
    while (seen < nanoseconds &&
           !max_.compare_exchange_weak(seen, nanoseconds, std::memory_order_relaxed)) {
    }
  }

  [[nodiscard]] uint64_t count() const {
    uint64_t sum = 0;
    for (const auto& count : counts_) sum += count.load(std::memory_order_relaxed);
    return sum;
  }

  [[nodiscard]] double total_ms() const { return to_ms(total_.load(std::memory_order_relaxed)); }
  [[nodiscard]] double max_ms() const { return to_ms(max_.load(std::memory_order_relaxed)); }

  /// The duration, in ms, that a share `fraction` (0–1) of the records does not exceed; 0 if none.
  [[nodiscard]] double percentile_ms(double fraction) const {
    const uint64_t all = count();
    if (all == 0) return 0;
    const double wanted = fraction * static_cast<double>(all);
    uint64_t sum = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      sum += counts_[i].load(std::memory_order_relaxed);
      if (static_cast<double>(sum) >= wanted) return std::min(to_ms(upper_bound(i)), max_ms());
    }
    return max_ms();
  }

 private:
  static constexpr size_t kSteps = 16;

  static double to_ms(uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

  static size_t bucket(uint64_t value) {
    if (value < kSteps) return value;
    const int shift = std::bit_width(value) - 5;
    return (static_cast<size_t>(shift) + 1) * kSteps + ((value >> shift) - kSteps);
  }

  static uint64_t upper_bound(size_t bucket) {
    if (bucket < kSteps) return bucket;
    const size_t shift = bucket / kSteps - 1;
    return ((bucket % kSteps + kSteps + 1) << shift) - 1;
  }

  std::array<std::atomic<uint64_t>, 61 * kSteps> counts_{};
  std::atomic<uint64_t> total_{0};
  std::atomic<uint64_t> max_{0};
};

}  // namespace quiver::engine
