#include "index/graph/visited.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace quiver::index {
namespace {

TEST(VisitedSet, ForgetsAtEachWalkHoweverManyAndOverHoweverManyRows) {
  std::mt19937 random(1);
  VisitedSet visited;
  for (uint32_t walk = 0; walk < 5000; ++walk) {
    // The rows of one walk in a hundred are many more, so that marks wait long for another.
    const uint32_t rows = walk % 100 == 99 ? 3000 : 1 + random() % 40;
    visited.clear(rows);
    std::set<uint32_t> seen;
    for (uint32_t i = 0; i < std::min(rows * 2, 200U); ++i) {
      const uint32_t row = random() % rows;
      ASSERT_EQ(visited.insert(row), seen.insert(row).second) << "walk " << walk << ", row " << row;
    }
  }
}

TEST(VisitedSet, ForgetsEveryRowWhereAllAreMarkedInEachWalk) {
  VisitedSet visited;
  for (const uint32_t rows : {1U, 10U, 254U, 255U, 256U, 1000U}) {
    for (uint32_t walk = 0; walk < 600; ++walk) {
      visited.clear(rows);
      for (uint32_t row = 0; row < rows; ++row) ASSERT_TRUE(visited.insert(row)) << walk;
      ASSERT_FALSE(visited.insert(rows - 1));
    }
  }
}

TEST(VisitedSet, FreesWhatHasNotBeenUsedForLong) {
  constexpr size_t kLarge = size_t{8} << 20;
  VisitedSet visited;
  visited.clear(kLarge);
  EXPECT_GE(visited.bytes(), kLarge);
  // A small segment beside a large one does not make it come and go.
  for (uint32_t walk = 0; walk < 2000; ++walk) {
    visited.clear(walk % 10 == 0 ? kLarge : 1000);
    ASSERT_GE(visited.bytes(), kLarge);
  }
  for (uint32_t walk = 0; walk < 600; ++walk) visited.clear(1000);
  EXPECT_LE(visited.bytes(), size_t{1} << 20);
  visited.clear(kLarge);
  EXPECT_TRUE(visited.insert(kLarge - 1));
  EXPECT_FALSE(visited.insert(kLarge - 1));
}

}  // namespace
}  // namespace quiver::index
