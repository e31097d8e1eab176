#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace quiver::engine {

/// Counts durations in buckets at most 1/32 apart, from 1 ns to hours (the layout of HDR
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

  /// In milliseconds.
  struct Summary {
    uint64_t count = 0;
    double total = 0;
    double p50 = 0;  ///< half of the records do not exceed it, but for a bucket's width
    double p95 = 0;
    double p99 = 0;
    double max = 0;
  };

  [[nodiscard]] Summary summary() const {
    // Counted once: all is of one state.
    std::array<uint64_t, kBuckets> counts;
    Summary summary;
    for (size_t i = 0; i < kBuckets; ++i) {
      counts[i] = counts_[i].load(std::memory_order_relaxed);
      summary.count += counts[i];
    }
    summary.total = total_ms();
    summary.max = to_ms(max_.load(std::memory_order_relaxed));
    if (summary.count == 0) return summary;
    const auto percentile = [&](double fraction) {
      const double wanted = fraction * static_cast<double>(summary.count);
      uint64_t sum = 0;
      for (size_t i = 0; i < kBuckets; ++i) {
        sum += counts[i];
        if (static_cast<double>(sum) >= wanted) return std::min(to_ms(last_of(i)), summary.max);
      }
      return summary.max;
    };
    summary.p50 = percentile(0.50);
    summary.p95 = percentile(0.95);
    summary.p99 = percentile(0.99);
    return summary;
  }

  [[nodiscard]] double total_ms() const { return to_ms(total_.load(std::memory_order_relaxed)); }

  /// Calls `visit` with the longest duration, in ns, that each bucket counts, and its count, where
  /// that is not 0. Each power of two begins a bucket. The last one counts all that is longer too.
  template <typename Visit>
  void for_each_bucket(const Visit& visit) const {
    for (size_t i = 0; i < kBuckets; ++i) {
      if (const uint64_t count = counts_[i].load(std::memory_order_relaxed)) {
        visit(last_of(i), count);
      }
    }
  }

 private:
  static constexpr int kStepBits = 5;
  static constexpr size_t kSteps = size_t{1} << kStepBits;
  static constexpr size_t kBits = 46;
  static constexpr uint64_t kLongest = (uint64_t{1} << kBits) - 1;  // 19 hours
  static constexpr size_t kBuckets = (kBits - kStepBits + 1) * kSteps;

  static double to_ms(uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

  static constexpr size_t bucket(uint64_t value) {
    value = std::min(value, kLongest);
    if (value < kSteps) return value;
    const int shift = std::bit_width(value) - kStepBits - 1;
    return (static_cast<size_t>(shift) + 1) * kSteps + ((value >> shift) - kSteps);
  }

  static constexpr uint64_t last_of(size_t bucket) {
    if (bucket < kSteps) return bucket;
    const size_t shift = bucket / kSteps - 1;
    return ((bucket % kSteps + kSteps + 1) << shift) - 1;
  }

  std::array<std::atomic<uint64_t>, kBuckets> counts_{};
  std::atomic<uint64_t> total_{0};
  std::atomic<uint64_t> max_{0};
};

}  // namespace quiver::engine
