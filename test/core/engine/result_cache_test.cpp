#include "engine/result_cache.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>

namespace quiver::engine {
namespace {

using std::chrono::milliseconds;

Buffer bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

/// A key that owns what it is of.
struct OwnedKey {
  OwnedKey(const std::string& h, const std::string& v, const std::string& r)
      : header(bytes_of(h)), vector(bytes_of(v)), rest(bytes_of(r)) {}

  Buffer header, vector, rest;
  QueryKey key{header, vector, rest};
};

OwnedKey numbered(int number) { return {"header", std::to_string(number), ""}; }

std::string found(ResultCache& cache, const OwnedKey& of, uint64_t version) {
  const auto answer = cache.find(of.key, version);
  return answer ? std::string(answer->begin(), answer->end()) : "none";
}

TEST(ResultCache, GivesAnAnswerToTheSameQueryOnTheSameVersionAlone) {
  ResultCache cache(1 << 20);
  const OwnedKey key("header", "vector", "filter");
  EXPECT_EQ(found(cache, key, 1), "none");
  cache.add(key.key, 1, bytes_of("answer"));
  EXPECT_EQ(found(cache, {"header", "vector", "filter"}, 1), "answer");
  EXPECT_EQ(found(cache, {"headex", "vector", "filter"}, 1), "none");
  EXPECT_EQ(found(cache, {"header", "vectox", "filter"}, 1), "none");
  EXPECT_EQ(found(cache, {"header", "vector", "filtex"}, 1), "none");
  EXPECT_EQ(found(cache, {"header", "vector", "filter "}, 1), "none");
  // The same bytes, cut elsewhere.
  EXPECT_EQ(found(cache, {"header", "vectorfil", "ter"}, 1), "none");
  EXPECT_EQ(found(cache, key, 2), "none");
  EXPECT_EQ(found(cache, key, 0), "none");
  cache.add(key.key, 2, bytes_of("newer"));
  EXPECT_EQ(found(cache, key, 2), "newer");
  EXPECT_EQ(found(cache, key, 1), "none");
  const ResultCache::Counts counts = cache.counts();
  EXPECT_EQ(counts.hits, 2U);
  EXPECT_EQ(counts.misses, 9U);
  EXPECT_EQ(counts.entries, 1U);
  EXPECT_EQ(counts.evictions, 0U);
  EXPECT_EQ(counts.limit, 1U << 20);
}

TEST(ResultCache, ForgetsAfterATime) {
  milliseconds now{1000};
  ResultCache cache(1 << 20, milliseconds(50), [&now] { return now; });
  const OwnedKey key = numbered(1);
  cache.add(key.key, 1, bytes_of("answer"));
  now += milliseconds(49);
  EXPECT_EQ(found(cache, key, 1), "answer");
  now += milliseconds(1);
  EXPECT_EQ(found(cache, key, 1), "none");
  cache.add(key.key, 1, bytes_of("again"));
  EXPECT_EQ(found(cache, key, 1), "again");
}

TEST(ResultCache, WithoutASizeKeepsNothing) {
  ResultCache cache(0);
  EXPECT_FALSE(cache.is_on());
  const OwnedKey key = numbered(1);
  cache.add(key.key, 1, bytes_of("answer"));
  EXPECT_EQ(found(cache, key, 1), "none");
  EXPECT_EQ(cache.counts().misses, 0U);
}

TEST(ResultCache, KeepsToItsSizeAndDropsWhatWasUnusedLongest) {
  for (const uint64_t limit : {uint64_t{10'000}, uint64_t{1} << 20, uint64_t{3} << 20}) {
    ResultCache cache(limit);
    for (int i = 0; i < 5000; ++i) {
      cache.add(numbered(i).key, 1, bytes_of(std::string(1000, 'x')));
      // What is asked for all the time stays.
      ASSERT_NE(found(cache, numbered(0), 1), "none");
      ASSERT_LE(cache.counts().bytes, limit);
    }
    const ResultCache::Counts counts = cache.counts();
    EXPECT_GT(counts.bytes, limit / 2);
    EXPECT_EQ(counts.entries + counts.evictions, 5000U);
    EXPECT_EQ(found(cache, numbered(1), 1), "none");
    EXPECT_NE(found(cache, numbered(4999), 1), "none");
  }
}

TEST(ResultCache, KeepsNoAnswerThatIsLargerThanAShard) {
  ResultCache cache(uint64_t{16} << 20);
  const OwnedKey key = numbered(1);
  cache.add(key.key, 1, Buffer(size_t{1} << 20));
  EXPECT_EQ(cache.counts().entries, 0U);
  EXPECT_EQ(cache.counts().bytes, 0U);
  cache.add(key.key, 1, Buffer((size_t{1} << 20) - 1000));
  EXPECT_EQ(cache.counts().entries, 1U);
}

TEST(ResultCache, GivesThoseWhoWantSmallOnesNoLargeOne) {
  ResultCache cache(1 << 20);
  const OwnedKey key = numbered(1);
  EXPECT_EQ(cache.find_small(key.key, 1, 100), nullptr);
  cache.add(key.key, 1, Buffer(101));
  EXPECT_EQ(cache.find_small(key.key, 1, 100), nullptr);
  EXPECT_NE(cache.find_small(key.key, 1, 101), nullptr);
  EXPECT_EQ(cache.counts().hits, 1U);
  EXPECT_EQ(cache.counts().misses, 0U);
}

// Meant for ThreadSanitizer as well.
TEST(ResultCache, GivesEachOfManyThreadsWhatBelongsToItsQueryAndVersion) {
  ResultCache cache(uint64_t{2} << 20);
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 8; ++seed) {
    threads.emplace_back([&cache, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 1000; ++i) {
        const int number = static_cast<int>(random() % 50);
        const uint64_t version = random() % 3;
        const std::string answer = std::to_string(number) + " " + std::to_string(version) +
                                   std::string(random() % 2 == 0 ? 10 : 50'000, 'x');
        const std::string known = found(cache, numbered(number), version);
        if (known != "none") {
          ASSERT_EQ(known.substr(0, known.find('x')), answer.substr(0, answer.find('x')));
        } else {
          cache.add(numbered(number).key, version, bytes_of(answer));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(cache.counts().hits, 0U);
}

}  // namespace
}  // namespace quiver::engine
