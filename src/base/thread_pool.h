#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace quiver {

/// Threads that run tasks in the order given. The destructor runs what is queued, then joins.
///
/// A thread that runs out of tasks watches for another for some microseconds before it sleeps, one
/// thread at a time: a caller that awaits each answer before the next question then never pays for
/// waking a thread. Threads: `run` may be called from any, the pool's own among them.
class ThreadPool {
 public:
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void run(std::function<void()> task);

 private:
  void work();
  void watch(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  bool watched_ = false;           // a thread watches queued_
  std::atomic<size_t> queued_{0};  // tasks_.size(), to be read without the lock
  std::vector<std::thread> threads_;
};

/// How many threads this machine runs at once, at least 1.
unsigned hardware_threads();

/// Lets other threads go first from now on, where the system can (Linux: nice 10 for this thread).
void lower_thread_priority();

}  // namespace quiver
