#include "base/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(_WIN32)
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#endif

namespace quiver {

ThreadPool::ThreadPool(unsigned threads) {
  threads_.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run(std::function<void()> task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    queued_.store(tasks_.size(), std::memory_order_relaxed);
    wake = !watched_ || tasks_.size() > 1;
  }
  if (wake) wake_.notify_one();
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (tasks_.empty() && !stopping_ && !watched_) watch(lock);
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    queued_.store(tasks_.size(), std::memory_order_relaxed);
    lock.unlock();
    task();
    lock.lock();
  }
}

/// Waits for a task for a short time without sleeping. Called and left with the lock held.
void ThreadPool::watch(std::unique_lock<std::mutex>& lock) {
  constexpr std::chrono::microseconds kWatch{50};
  watched_ = true;
  lock.unlock();
  const auto until = std::chrono::steady_clock::now() + kWatch;
  while (queued_.load(std::memory_order_relaxed) == 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  lock.lock();
  watched_ = false;
}

unsigned hardware_threads() { return std::max(1U, std::thread::hardware_concurrency()); }

void lower_thread_priority() {
#ifdef __linux__
  // On Linux a nice value belongs to the thread. Failure only means no courtesy.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
#elif defined(_WIN32)
  (void)SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL);
#endif
}

}  // namespace quiver
