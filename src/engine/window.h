#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace quiver::engine {

/// How much happened in each of the last seconds. Nobody has to turn it: a second's place is taken
/// over by the first who counts in a later one. Any number of threads count; a reader sees some
/// recent state.
class Window {
 public:
  static constexpr uint32_t kLongest = 60;  ///< seconds that can be looked back

  /// `second`: since some moment, the same for all calls.
  void add(uint32_t second, uint64_t amount) {
    std::atomic<uint64_t>& place = places_[second % kPlaces];
    uint64_t seen = place.load(std::memory_order_relaxed);
    uint64_t next = 0;
    do {
      const uint64_t at = seen >> kCountBits;
      if (at > second) return;  // so late that its place is another second's
      const uint64_t before = at == second ? seen & kMostCount : 0;
      const uint64_t count = amount > kMostCount - before ? kMostCount : before + amount;
      next = uint64_t{second} << kCountBits | count;
    } while (!place.compare_exchange_weak(seen, next, std::memory_order_relaxed));
  }

  /// How much there was a second in the last `seconds` (1 to kLongest) whole ones before `now`, of
  /// those there were; 0 in the first.
  [[nodiscard]] double rate(uint32_t now, uint32_t seconds) const {
    const uint32_t covered = std::min(seconds, now);
    if (covered == 0) return 0;
    uint64_t sum = 0;
    for (uint32_t second = now - covered; second < now; ++second) {
      const uint64_t seen = places_[second % kPlaces].load(std::memory_order_relaxed);
      if (seen >> kCountBits == second) sum += seen & kMostCount;
    }
    return static_cast<double>(sum) / covered;
  }

 private:
  // So many that who counts in this second takes none that is still looked at.
  static constexpr uint32_t kPlaces = 64;
  static_assert(kPlaces > kLongest);
  static constexpr int kCountBits = 32;
  static constexpr uint64_t kMostCount = (uint64_t{1} << kCountBits) - 1;

  std::array<std::atomic<uint64_t>, kPlaces> places_{};  // the second, then how much
};

}  // namespace quiver::engine
