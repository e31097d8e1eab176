#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>

namespace quiver {
namespace {

TEST(ThreadPool, RunsEveryTaskBeforeItEnds) {
  std::atomic<int> runs{0};
  {
    ThreadPool pool(4);
    for (int i = 0; i < 10000; ++i) pool.run([&runs] { ++runs; });
  }
  EXPECT_EQ(runs, 10000);
}

TEST(ThreadPool, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    ThreadPool pool(1);
    for (int i = 0; i < 1000; ++i) pool.run([&order, i] { order.push_back(i); });
  }
  std::vector<int> expected(1000);
  for (int i = 0; i < 1000; ++i) expected[static_cast<size_t>(i)] = i;
  EXPECT_EQ(order, expected);
}

TEST(ThreadPool, TasksRunAtTheSameTime) {
  // Each waits for the other: one thread alone would wait for ever.
  ThreadPool pool(2);
  std::promise<void> first;
  std::promise<void> second;
  std::promise<void> done;
  pool.run([&] {
    first.set_value();
    second.get_future().wait();
    done.set_value();
  });
  pool.run([&] {
    first.get_future().wait();
    second.set_value();
  });
  done.get_future().wait();
}

TEST(ThreadPool, TakesTasksFromItsOwnTasksAndFromManyThreads) {
  std::atomic<int> runs{0};
  {
    ThreadPool pool(3);
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller) {
      callers.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          pool.run([&] {
            ++runs;
            pool.run([&runs] { ++runs; });
          });
          if (i % 50 == 0) std::this_thread::yield();
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    // What tasks queue before the end is run too.
  }
  EXPECT_EQ(runs, 4000);
}

TEST(ThreadPool, WakesForATaskAfterALongRest) {
  ThreadPool pool(2);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // longer than it watches
    std::promise<void> done;
    pool.run([&done] { done.set_value(); });
    done.get_future().wait();
  }
}

}  // namespace
}  // namespace quiver
