// What an index tells of its own work.

#include "engine/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/session.h"
#include "engine/shared_collection.h"
#include "store/vfs_memory.h"
#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;

constexpr uint32_t kDim = 8;

TEST(Histogram, OfNothingIsZero) {
  const Histogram::Summary summary = Histogram().summary();
  EXPECT_EQ(summary.count, 0U);
  EXPECT_EQ(summary.p50, 0);
  EXPECT_EQ(summary.p99, 0);
  EXPECT_EQ(summary.max, 0);
}

TEST(Histogram, PercentilesAreThoseOfTheRecordsButForABucket) {
  std::mt19937_64 random(1);
  for (const uint64_t widest : {40ULL, 5'000ULL, 3'000'000ULL, 700'000'000'000ULL}) {
    Histogram histogram;
    std::vector<uint64_t> all;
    uint64_t total = 0;
    for (int i = 0; i < 5000; ++i) {
      all.push_back(random() % widest);
      total += all.back();
      histogram.record(all.back());
    }
    std::sort(all.begin(), all.end());
    const Histogram::Summary summary = histogram.summary();
    EXPECT_EQ(summary.count, 5000U);
    EXPECT_DOUBLE_EQ(summary.total, static_cast<double>(total) / 1e6);
    EXPECT_DOUBLE_EQ(summary.max, static_cast<double>(all.back()) / 1e6);
    for (const auto& [fraction, told] : std::vector<std::pair<double, double>>{
             {0.50, summary.p50}, {0.95, summary.p95}, {0.99, summary.p99}}) {
      const auto rank = static_cast<size_t>(std::ceil(fraction * 5000)) - 1;
      const double exact = static_cast<double>(all[rank]) / 1e6;
      EXPECT_GE(told, exact) << fraction << " of " << widest;
      EXPECT_LE(told, exact * (1 + 1.0 / 32)) << fraction << " of " << widest;
    }
  }
}

TEST(Histogram, BucketsCountEachRecordOnceAndBeginAtPowersOfTwo) {
  Histogram histogram;
  std::map<int, uint64_t> by_width;  // binary digits of the duration
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t value = random() >> (18 + random() % 46);  // at most 46 digits
    histogram.record(value);
    ++by_width[std::bit_width(value)];
  }
  std::map<int, uint64_t> counted;
  uint64_t before = 0;
  bool is_first = true;
  histogram.for_each_bucket([&](uint64_t longest, uint64_t count) {
    EXPECT_TRUE(is_first || longest > before) << longest;
    is_first = false;
    before = longest;
    counted[std::bit_width(longest)] += count;
  });
  EXPECT_EQ(counted, by_width);
}

TEST(Histogram, WhatIsLongerThanTheLongestIsCountedThere) {
  Histogram histogram;
  histogram.record(UINT64_MAX / 2);
  histogram.record(1);
  uint64_t count = 0;
  histogram.for_each_bucket([&](uint64_t, uint64_t some) { count += some; });
  EXPECT_EQ(count, 2U);
  EXPECT_DOUBLE_EQ(histogram.summary().max, static_cast<double>(UINT64_MAX / 2) / 1e6);
}

TEST(Window, RatesAreOfWholeSecondsOnly) {
  Window window;
  window.add(0, 10);
  EXPECT_EQ(window.rate(0, 60), 0) << "the first second is not over";
  EXPECT_EQ(window.rate(1, 60), 10) << "there were no more seconds";
  window.add(1, 20);
  window.add(2, 1000);
  EXPECT_EQ(window.rate(2, 1), 20);
  EXPECT_EQ(window.rate(2, 10), 15);
  EXPECT_EQ(window.rate(12, 10), 100);
  EXPECT_EQ(window.rate(13, 10), 0);
  EXPECT_EQ(window.rate(60, 60), 1030.0 / 60);
  EXPECT_EQ(window.rate(63, 60), 0);
}

TEST(Window, AgreesWithAListOfAllThatHappened) {
  Window window;
  std::vector<uint64_t> seconds(1000);
  std::mt19937 random(3);
  uint32_t now = 0;
  while (now < 900) {
    now += random() % 10 == 0 ? random() % 100 : random() % 2;
    const uint64_t amount = random() % 5;
    window.add(now, amount);
    seconds[now] += amount;
    for (const uint32_t length : {1U, 10U, 60U}) {
      if (now < length) continue;
      uint64_t sum = 0;
      for (uint32_t second = now - length; second < now; ++second) sum += seconds[second];
      ASSERT_EQ(window.rate(now, length), static_cast<double>(sum) / length) << now;
    }
  }
}

TEST(Window, StopsCountingInsteadOfStartingAgain) {
  Window window;
  for (int i = 0; i < 3; ++i) window.add(7, UINT32_MAX - 1);
  window.add(7, UINT64_MAX);
  EXPECT_EQ(window.rate(8, 1), UINT32_MAX);
}

TEST(Window, TooLateIsNotCounted) {
  Window window;
  window.add(70, 5);
  window.add(70 - 64, 100);  // whose place it had
  EXPECT_EQ(window.rate(71, 1), 5);
}

TEST(Metrics, ThreadsRecordWhileOneReads) {
  constexpr uint32_t kThreads = 8;
  constexpr uint32_t kEach = 20000;
  Metrics metrics;
  std::atomic<uint32_t> running{kThreads};
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (uint32_t i = 0; i < kEach; ++i) {
        metrics.reads_waiting.enter();
        QueryTimer timer(metrics);
        timer.stop();
        metrics.record_commit(Metrics::Clock::now(), 2, 1, 1);
        metrics.reads_waiting.leave();
      }
      --running;
    });
  }
  uint64_t before = 0;
  while (running != 0) {
    msgpack::Writer writer;
    writer.map(kMetricsEntries);
    put_metrics(writer, metrics, true);
    const Buffer bytes = writer.take();
    const msgpack::Value map(bytes);
    const auto count = static_cast<uint64_t>(map.find("queries")->find("count")->number());
    EXPECT_GE(count, before);
    before = count;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.queries.summary().count, kThreads * kEach);
  EXPECT_EQ(metrics.commits.summary().count, kThreads * kEach);
  EXPECT_EQ(metrics.items_inserted, 2 * kThreads * kEach);
  EXPECT_EQ(metrics.reads_waiting.now(), 0U);
  EXPECT_GE(metrics.reads_waiting.most(), 1U);
  EXPECT_LE(metrics.reads_waiting.most(), kThreads);
  EXPECT_GT(metrics.sampled_query_time, 0U);
}

/// The `stats` of a collection, to be asked by paths.
class Told {
 public:
  explicit Told(Collection& collection, bool with_buckets = false) {
    auto bytes = collection.statistics(Durability::kSync, with_buckets);
    EXPECT_TRUE(bytes) << bytes.error().message;
    bytes_ = std::move(*bytes);
    EXPECT_TRUE(msgpack::validate(bytes_, "stats"));
  }

  [[nodiscard]] msgpack::Value at(std::initializer_list<std::string_view> path) const {
    msgpack::Value value(bytes_);
    for (const std::string_view key : path) {
      const auto next = value.find(key);
      if (!next) {
        ADD_FAILURE() << "no " << key;
        return {};
      }
      value = *next;
    }
    return value;
  }
  double operator()(std::initializer_list<std::string_view> path) const {
    return at(path).number();
  }

 private:
  Buffer bytes_;
};

BatchMaker some_items(uint32_t first, uint32_t count) {
  std::mt19937 random(first);
  BatchMaker batch(kDim);
  for (uint32_t i = first; i < first + count; ++i) {
    batch.upsert("item " + std::to_string(i), random_vector(random, kDim));
  }
  return batch;
}

TEST(MetricsOfACollection, CountCommitsSealsAndMergesWithWhatTheyReadAndWrite) {
  CollectionFixture index(Metric::kL2, 100);
  ASSERT_TRUE(index.commit(some_items(0, 120)));
  ASSERT_TRUE(index.commit(some_items(100, 30).remove("item 3").remove("none")));
  {
    const Told told(*index);
    EXPECT_EQ(told({"commits", "count"}), 2);
    EXPECT_EQ(told({"written", "inserted"}), 130);
    EXPECT_EQ(told({"written", "updated"}), 20);
    EXPECT_EQ(told({"written", "deleted"}), 1);
    EXPECT_GE(told({"disk", "commit", "bytesWritten"}), 150.0 * kDim * sizeof(float));
    EXPECT_GE(told({"disk", "commit", "syncs"}), 2);
    EXPECT_GT(told({"disk", "lock", "writes"}), 0);
    EXPECT_GT(told({"disk", "open", "bytesRead"}), 0);
    EXPECT_EQ(told({"disk", "open", "bytesMapped"}), 0);
    EXPECT_EQ(told({"seals", "count"}), 0);
    EXPECT_EQ(told({"disk", "seal", "bytesWritten"}), 0);
  }
  index.maintain();
  {
    const Told told(*index);
    EXPECT_EQ(told({"seals", "count"}), 1);
    EXPECT_EQ(told({"merges", "count"}), 0);
  }
  const double before_merge = Told(*index)({"disk", "merge", "bytesWritten"});
  for (uint32_t round = 1; round < 5; ++round) {
    ASSERT_TRUE(index.commit(some_items(1000 * round, 120)));
    index.maintain();
  }
  const Told told(*index);
  EXPECT_EQ(told({"seals", "count"}), 5);
  EXPECT_GE(told({"merges", "count"}), 1);
  EXPECT_GE(told({"merges", "max"}), told({"merges", "p50"}));
  EXPECT_EQ(before_merge, 0);
  EXPECT_TRUE(index.verifies());
  EXPECT_GT(Told(*index)({"disk", "verify", "reads"}), 0);

  // From the opening on.
  index.reopen();
  const Told anew(*index);
  EXPECT_EQ(anew({"commits", "count"}), 0);
  EXPECT_EQ(anew({"disk", "commit", "bytesWritten"}), 0);
  EXPECT_GT(anew({"disk", "open", "bytesRead"}), 0);
}

TEST(MetricsOfACollection, TellWhatJobsReadAndWrite) {
  CollectionFixture index(Metric::kL2, 100);
  const auto run = [&] {
    while (auto job = index->next_job()) {
      ASSERT_TRUE(*job->work(index->vfs_for(*job), [] { return true; }));
      ASSERT_TRUE(index->install(*job));
    }
  };
  ASSERT_TRUE(index.commit(some_items(0, 150)));
  run();
  const Told sealed(*index);
  EXPECT_GE(sealed({"disk", "seal", "bytesWritten"}), 150.0 * kDim * sizeof(float));
  EXPECT_GE(sealed({"disk", "seal", "syncs"}), 2) << "the segment and the manifest";
  EXPECT_GE(sealed({"disk", "seal", "bytesRead"}), 150.0 * kDim * sizeof(float));
  EXPECT_EQ(sealed({"disk", "merge", "bytesWritten"}), 0);
  ASSERT_TRUE(index->request_optimize());
  ASSERT_TRUE(index.commit(some_items(500, 150)));
  run();
  const Told merged(*index);
  EXPECT_GE(merged({"merges", "count"}), 1);
  EXPECT_GE(merged({"disk", "merge", "bytesWritten"}), 300.0 * kDim * sizeof(float));
}

TEST(MetricsOfACollection, RefusedCommitsAreNone) {
  CollectionFixture index;
  ASSERT_TRUE(index.commit(some_items(0, 1)));
  const auto refused =
      index.commit(BatchMaker(kDim).insert("item 0", std::vector<float>(kDim, 1.0F)));
  EXPECT_EQ(refused.error().code, Code::kItemExists);
  const Told told(*index);
  EXPECT_EQ(told({"written", "inserted"}), 1);
  EXPECT_EQ(told({"commits", "count"}), 1);
}

TEST(MetricsOfACollection, TellOfRefusalsByAnotherProcess) {
  CollectionFixture writer;
  ASSERT_TRUE(writer.commit(some_items(0, 1)));
  CollectionFixture other(writer, OpenOptions{});
  EXPECT_EQ(other.commit(some_items(1, 1)).error().code, Code::kLocked);
  EXPECT_EQ(other.commit(some_items(1, 1)).error().code, Code::kLocked);
  const Told told(*other);
  EXPECT_EQ(told({"lockRefusals"}), 2);
  EXPECT_EQ(told({"commits", "count"}), 0);
}

TEST(MetricsOfACollection, BucketsComeWhenTheyAreAskedFor) {
  CollectionFixture index;
  ASSERT_TRUE(index.commit(some_items(0, 1)));
  EXPECT_FALSE(Told(*index).at({"commits"}).find("buckets"));
  const Told told(*index, true);
  std::vector<double> buckets;
  for (const msgpack::Value number : told.at({"commits", "buckets"}).elements()) {
    buckets.push_back(number.number());
  }
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_GE(buckets[0] / 1e6, told({"commits", "max"}));
  EXPECT_EQ(buckets[1], 1);
}

/// Says when a sync has begun, and waits to be let go on.
class SlowVfs final : public test::ForwardingVfs {
 public:
  using ForwardingVfs::ForwardingVfs;

  std::atomic<bool> holds{false};
  std::atomic<bool> is_held{false};

  Expected<std::unique_ptr<store::WritableFile>> create(std::string_view name) override {
    auto file = inner_->create(name);
    if (!file) return file.error();
    return std::unique_ptr<store::WritableFile>(std::make_unique<File>(std::move(*file), *this));
  }

 private:
  class File final : public store::WritableFile {
   public:
    File(std::unique_ptr<store::WritableFile> inner, SlowVfs& owner)
        : inner_(std::move(inner)), owner_(owner) {}
    Expected<void> append(Bytes bytes) override { return inner_->append(bytes); }
    Expected<void> sync() override {
      while (owner_.holds) {
        owner_.is_held = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      return inner_->sync();
    }

   private:
    std::unique_ptr<store::WritableFile> inner_;
    SlowVfs& owner_;
  };
};

TEST(MetricsOfACollection, TellWhoWaitsForWhom) {
  const auto vfs =
      std::make_shared<SlowVfs>(store::memory_vfs(std::make_shared<store::MemoryDisk>()));
  Config config;
  config.metric = Metric::kL2;
  ASSERT_TRUE(Collection::create(*vfs, config));
  OpenOptions options;
  auto shared = *SharedCollection::open("metrics", vfs, options);
  Collection& collection = *shared->collection();
  const auto session = std::make_shared<Session>(shared->collection(), options, nullptr);
  std::atomic<uint32_t> answered{0};
  const auto write = [&](uint32_t item) {
    ByteWriter request;
    request.put(uint32_t{16});
    request.put_bytes(some_items(item, 1).encode());
    shared->write(session, request.take(), [&](Expected<Buffer> response) {
      EXPECT_TRUE(response);
      ++answered;
    });
  };
  vfs->holds = true;
  write(0);
  while (!vfs->is_held) std::this_thread::yield();
  for (uint32_t item = 1; item < 4; ++item) write(item);
  EXPECT_EQ(collection.metrics().writes_waiting.now(), 3U);
  std::thread waiter([&] { EXPECT_TRUE(collection.refresh()); });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  vfs->holds = false;
  waiter.join();
  while (answered != 4) std::this_thread::yield();
  const Told told(collection);
  EXPECT_EQ(told({"queues", "writes", "waiting"}), 0);
  EXPECT_EQ(told({"queues", "writes", "most"}), 3);
  EXPECT_GE(told({"lockWaits", "count"}), 1);
  EXPECT_GE(told({"lockWaits", "max"}), 10);
  EXPECT_EQ(told({"inserts", "count"}), 4);
  EXPECT_EQ(told({"commits", "count"}), 2) << "the three that waited were committed at once";
  EXPECT_GE(told({"inserts", "p50"}), 10) << "a call's time begins with its waiting";
  EXPECT_GT(told({"cpuMs", "writes"}), 0);
  EXPECT_LT(told({"cpuMs", "writes"}), told({"commits", "totalMs"})) << "to wait is no work";
}

}  // namespace
}  // namespace quiver::engine
