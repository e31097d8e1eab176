#pragma once

#include <atomic>
#include <cstdint>

namespace quiver {

/// Nanoseconds that the calling thread has run on a CPU. A system call in most systems, so not for
/// what takes only microseconds. In WebAssembly, which has no such clock: nanoseconds of time.
uint64_t thread_cpu_ns();

/// Adds what the thread has run on a CPU, from here to the end of the scope, to a total.
class CpuTimer {
 public:
  explicit CpuTimer(std::atomic<uint64_t>& total) : total_(total) {}
  ~CpuTimer() { total_.fetch_add(thread_cpu_ns() - start_, std::memory_order_relaxed); }
  CpuTimer(const CpuTimer&) = delete;
  CpuTimer& operator=(const CpuTimer&) = delete;

 private:
  std::atomic<uint64_t>& total_;
  uint64_t start_ = thread_cpu_ns();
};

}  // namespace quiver
