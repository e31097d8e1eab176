#include "base/lru_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace quiver {
namespace {

using Cache = LruCache<std::string, std::shared_ptr<int>>;

TEST(LruCache, DropsWhatWasUnusedLongest) {
  Cache cache(30);
  for (int i = 0; i < 3; ++i) cache.add(std::to_string(i), std::make_shared<int>(i), 10);
  EXPECT_EQ(*cache.find("0"), 0);
  cache.add("3", std::make_shared<int>(3), 10);
  EXPECT_EQ(cache.find("1"), nullptr);
  EXPECT_EQ(*cache.find("0"), 0);
  EXPECT_EQ(*cache.find("2"), 2);
  EXPECT_EQ(*cache.find("3"), 3);
  EXPECT_EQ(cache.bytes(), 30U);
  EXPECT_EQ(cache.held().entries, 3U);
  EXPECT_EQ(cache.held().evictions, 1U);
}

TEST(LruCache, CountsAValueThatTakesAnothersPlaceOnce) {
  Cache cache(30);
  cache.add("a", std::make_shared<int>(1), 10);
  cache.add("a", std::make_shared<int>(2), 25);
  EXPECT_EQ(*cache.find("a"), 2);
  EXPECT_EQ(cache.bytes(), 25U);
  EXPECT_EQ(cache.held().entries, 1U);
  EXPECT_EQ(cache.held().evictions, 0U);
}

TEST(LruCache, KeepsNothingThatIsLargerThanItself) {
  Cache cache(30);
  cache.add("a", std::make_shared<int>(1), 10);
  cache.add("b", std::make_shared<int>(2), 31);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
  // Nor an older value of the same key.
  cache.add("a", std::make_shared<int>(3), 31);
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(LruCache, KeepsAValueAliveForThoseWhoHaveIt) {
  Cache cache(10);
  cache.add("a", std::make_shared<int>(1), 10);
  const auto value = cache.find("a");
  cache.add("b", std::make_shared<int>(2), 10);
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(*value, 1);
}

}  // namespace
}  // namespace quiver
