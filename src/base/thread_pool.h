#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace quiver {

/// Threads that run tasks in the order given. The destructor runs what is queued, then joins.
/// Threads: `run` may be called from any, the pool's own among them.
class ThreadPool {
 public:
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void run(std::function<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// How many threads this machine runs at once, at least 1.
unsigned hardware_threads();

/// Lets other threads go first from now on, where the system can (Linux: nice 10 for this thread).
void lower_thread_priority();

}  // namespace quiver
