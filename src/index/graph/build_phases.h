#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

namespace quiver::index {

/// Work that comes in phases, each of some units that any number of threads share. A phase begins
/// once all of the last one is done, so that what one phase writes the next may read without locks.
class BuildPhases {
 public:
  /// Begins a phase of at least one unit. Called before any thread takes units, and then by the
  /// thread to which finish() has said that it was the last.
  void begin(uint32_t units) {
    begin_ = end_.load(std::memory_order_relaxed);
    {
      const std::lock_guard lock(mutex_);
      end_.store(begin_ + units, std::memory_order_release);
    }
    changed_.notify_all();
  }

  /// No unit is to be had any more.
  void end() {
    {
      const std::lock_guard lock(mutex_);
      ended_.store(true, std::memory_order_release);
    }
    changed_.notify_all();
  }

  /// The next unit of the phase, which the caller does and finishes. Where others are doing the
  /// last ones, waits for them and the next phase. Nothing once all phases have ended.
  std::optional<uint32_t> take() {
    while (true) {
      if (ended_.load(std::memory_order_acquire)) return std::nullopt;
      const uint64_t end = end_.load(std::memory_order_acquire);
      uint64_t next = next_.load(std::memory_order_relaxed);
      while (next < end) {
        // Then it is this phase's: the next one waits for this unit.
        if (next_.compare_exchange_weak(next, next + 1, std::memory_order_relaxed)) {
          return static_cast<uint32_t>(next - begin_);
        }
      }
      wait_for_more_than(end);
    }
  }

  /// Whether the unit was the phase's last: then nobody else is at work, and the caller begins the
  /// next phase or ends.
  bool finish() {
    const uint64_t done = done_.fetch_add(1, std::memory_order_acq_rel) + 1;
    return done == end_.load(std::memory_order_relaxed);
  }

 private:
  void wait_for_more_than(uint64_t end) {
    const auto is_over = [this, end] {
      return end_.load(std::memory_order_acquire) != end || ended_.load(std::memory_order_acquire);
    };
    // A unit takes some microseconds: about as long as to wake a thread that sleeps.
    constexpr int kTries = 20;
    for (int i = 0; i < kTries; ++i) {
      if (is_over()) return;
      std::this_thread::yield();
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, is_over);
  }

  // Units are numbered through all phases: a number that a slow thread holds is never one of a
  // later phase.
  uint64_t begin_ = 0;  // the phase's first unit
  std::atomic<uint64_t> end_{0};
  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> done_{0};
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace quiver::index
