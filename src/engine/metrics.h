#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/cpu_clock.h"
#include "base/msgpack.h"
#include "engine/histogram.h"
#include "engine/window.h"
#include "store/counting_vfs.h"

namespace quiver::engine {

/// What an index's files are read and written for.
enum class DiskUse : uint8_t {
  kOpen,  ///< to open the index, follow who writes, or take over from him
  kCommit,
  kSeal,
  kMerge,
  kSnapshot,
  kRestore,
  kVerify,
  kLock,  ///< the files that say who writes
};
inline constexpr size_t kDiskUses = 8;

/// How many wait for something. Any thread.
class Depth {
 public:
  void enter() {
    const uint32_t now = now_.fetch_add(1, std::memory_order_relaxed) + 1;
    uint32_t seen = most_.load(std::memory_order_relaxed);
    while (seen < now && !most_.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
  }
  void leave(uint32_t count = 1) { now_.fetch_sub(count, std::memory_order_relaxed); }

  [[nodiscard]] uint32_t now() const { return now_.load(std::memory_order_relaxed); }
  /// The most there ever were.
  [[nodiscard]] uint32_t most() const { return most_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> now_{0};
  std::atomic<uint32_t> most_{0};
};

/// What is measured of an open index, from its opening on. Any number of threads record, with a few
/// relaxed atomic operations each time; a reader sees some recent state.
struct Metrics {
  using Clock = std::chrono::steady_clock;

  /// The seconds that `windows` count by.
  [[nodiscard]] uint32_t second_of(Clock::time_point time) const {
    return static_cast<uint32_t>((time - opened_at) / std::chrono::seconds(1));
  }
  static uint64_t since(Clock::time_point start) {
    return static_cast<uint64_t>((Clock::now() - start) / std::chrono::nanoseconds(1));
  }

  /// A query that was answered without a search.
  void record_query(Clock::time_point start) {
    const auto end = Clock::now();
    queries.record(static_cast<uint64_t>((end - start) / std::chrono::nanoseconds(1)));
    queries_done.add(second_of(end), 1);
  }

  /// A commit that took effect: so many items were inserted, replaced and removed.
  void record_commit(Clock::time_point start, uint64_t inserted, uint64_t updated,
                     uint64_t deleted);

  /// Milliseconds that queries have run on CPUs, from those that were asked for it.
  [[nodiscard]] double query_cpu_ms() const;

  const Clock::time_point opened_at = Clock::now();

  Histogram queries;     ///< the search and its results, in the core
  Histogram inserts;     ///< calls that change items, from arrival to answer; refused ones are not
  Histogram commits;     ///< of one or more such calls at once, until they are durable
  Histogram seals;       ///< background work that makes a segment of heads, from start to end
  Histogram merges;      ///< and of segments
  Histogram lock_waits;  ///< for the writer's mutex, by those who had to wait

  Window queries_done;
  Window items_written;  ///< inserted or replaced

  std::atomic<uint64_t> items_inserted{0};
  std::atomic<uint64_t> items_updated{0};
  std::atomic<uint64_t> items_deleted{0};

  /// Writes that found the folder's lock in another process's hands.
  std::atomic<uint64_t> lock_refusals{0};

  Depth reads_waiting;   ///< for a thread
  Depth writes_waiting;  ///< for the writing thread

  // Nanoseconds.
  std::atomic<uint64_t> write_cpu{0};
  std::atomic<uint64_t> maintenance_cpu{0};
  std::atomic<uint64_t> sampled_query_cpu{0};
  std::atomic<uint64_t> sampled_query_time{0};
  std::atomic<uint32_t> query_turn{0};

  std::array<store::IoCounts, kDiskUses> disk;
};

/// Times a query and, of every 64th, its work on the CPU: to ask for that takes as long as a
/// hundredth of a short query.
class QueryTimer {
 public:
  explicit QueryTimer(Metrics& metrics) : metrics_(metrics) {
    constexpr uint32_t kSampled = 64;
    is_sampled_ = metrics.query_turn.fetch_add(1, std::memory_order_relaxed) % kSampled == 0;
    if (is_sampled_) cpu_start_ = thread_cpu_ns();
    start_ = Metrics::Clock::now();
  }

  /// Records the query, which was answered, and says how long it took.
  std::chrono::nanoseconds stop() {
    const auto end = Metrics::Clock::now();
    const std::chrono::nanoseconds took = end - start_;
    const auto time = static_cast<uint64_t>(took.count());
    metrics_.queries.record(time);
    metrics_.queries_done.add(metrics_.second_of(end), 1);
    if (is_sampled_) {
      metrics_.sampled_query_cpu.fetch_add(thread_cpu_ns() - cpu_start_, std::memory_order_relaxed);
      metrics_.sampled_query_time.fetch_add(time, std::memory_order_relaxed);
    }
    return took;
  }

 private:
  Metrics& metrics_;
  bool is_sampled_ = false;
  uint64_t cpu_start_ = 0;
  Metrics::Clock::time_point start_;
};

/// The entries of `stats` that come from here (docs/engine-messages.md), to a map that was begun
/// with room for kMetricsEntries.
inline constexpr uint32_t kMetricsEntries = 13;
void put_metrics(msgpack::Writer& writer, const Metrics& metrics, bool with_buckets);

}  // namespace quiver::engine
