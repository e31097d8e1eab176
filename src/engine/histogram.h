#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

namespace quiver::engine {

/// Counts durations in buckets at most 1/32 apart, from 1 ns to hours (the layout of HDR
/// histograms, Tene). Takes memory for the powers of two that came, so that many indexes may be
/// open. Any number of threads record; a reader sees some recent state.
class Histogram {
 public:
  Histogram() = default;
  ~Histogram() {
    for (const auto& block : blocks_) delete block.load(std::memory_order_relaxed);
  }
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  /// A duration for which there is no memory is left out.
  void record(uint64_t nanoseconds) noexcept {
    const uint64_t value = std::min(nanoseconds, kLongest);
    const size_t octave = octave_of(value);
    Block* block = blocks_[octave].load(std::memory_order_acquire);
    if (block == nullptr) block = add_block(octave);
    if (block == nullptr) return;
    const uint64_t step = octave == 0 ? value : (value >> (octave - 1)) - kSteps;
    (*block)[step].fetch_add(1, std::memory_order_relaxed);
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
    double p50 = 0;  ///< half of the records do not exceed it; up to 1/32 too much, as all three
    double p95 = 0;
    double p99 = 0;
    double max = 0;
  };

  [[nodiscard]] Summary summary() const {
    Summary summary;
    for_each_bucket([&](uint64_t, uint64_t count) { summary.count += count; });
    summary.total = total_ms();
    summary.max = to_ms(max_.load(std::memory_order_relaxed));
    // What comes meanwhile is at most a few more than were counted.
    uint64_t sum = 0;
    const auto all = static_cast<double>(summary.count);
    for_each_bucket([&](uint64_t longest, uint64_t count) {
      const auto before = static_cast<double>(sum);
      sum += count;
      const auto after = static_cast<double>(sum);
      const double duration = std::min(to_ms(longest), summary.max);
      if (before < all * 0.50 && after >= all * 0.50) summary.p50 = duration;
      if (before < all * 0.95 && after >= all * 0.95) summary.p95 = duration;
      if (before < all * 0.99 && after >= all * 0.99) summary.p99 = duration;
    });
    return summary;
  }

  [[nodiscard]] double total_ms() const { return to_ms(total_.load(std::memory_order_relaxed)); }

  /// Calls `visit` with the longest duration, in ns, that each bucket counts, and its count, where
  /// that is not 0; ascending. Each power of two begins a bucket. The last one counts all that is
  /// longer too.
  template <typename Visit>
  void for_each_bucket(const Visit& visit) const {
    for (size_t octave = 0; octave < kOctaves; ++octave) {
      const Block* block = blocks_[octave].load(std::memory_order_acquire);
      if (block == nullptr) continue;
      for (size_t step = 0; step < kSteps; ++step) {
        const uint64_t count = (*block)[step].load(std::memory_order_relaxed);
        if (count == 0) continue;
        visit(octave == 0 ? step : ((kSteps + step + 1) << (octave - 1)) - 1, count);
      }
    }
  }

 private:
  static constexpr size_t kStepBits = 5;
  static constexpr uint64_t kSteps = uint64_t{1} << kStepBits;
  static constexpr size_t kBits = 46;
  static constexpr uint64_t kLongest = (uint64_t{1} << kBits) - 1;  // 19 hours
  static constexpr size_t kOctaves = kBits - kStepBits + 1;
  /// The first one counts durations below kSteps, each other one those from a power of two to the
  /// next.
  using Block = std::array<std::atomic<uint64_t>, kSteps>;

  static double to_ms(uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

  static size_t octave_of(uint64_t value) {
    return value < kSteps ? 0 : static_cast<size_t>(std::bit_width(value)) - kStepBits;
  }

  Block* add_block(size_t octave) noexcept {
    auto* added = new (std::nothrow) Block{};
    if (added == nullptr) return nullptr;
    Block* there = nullptr;
    if (blocks_[octave].compare_exchange_strong(there, added, std::memory_order_acq_rel)) {
      return added;
    }
    delete added;  // another thread was first
    return there;
  }

  std::array<std::atomic<Block*>, kOctaves> blocks_{};
  std::atomic<uint64_t> total_{0};
  std::atomic<uint64_t> max_{0};
};

}  // namespace quiver::engine
