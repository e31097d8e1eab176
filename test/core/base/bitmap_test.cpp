#include "base/bitmap.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

namespace quiver {
namespace {

TEST(Bitmap, StartsEmpty) {
  EXPECT_EQ(Bitmap().size(), 0u);
  EXPECT_FALSE(Bitmap().test(0));
  const Bitmap bits(130);
  EXPECT_EQ(bits.size(), 130u);
  EXPECT_EQ(bits.words().size(), 3u);
  EXPECT_EQ(bits.count(), 0u);
}

TEST(Bitmap, SetsAtWordEdges) {
  for (const size_t size : {1u, 63u, 64u, 65u, 128u, 129u}) {
    Bitmap bits(size);
    bits.set(0);
    bits.set(size - 1);
    bits.set(size - 1);
    EXPECT_TRUE(bits.test(0)) << size;
    EXPECT_TRUE(bits.test(size - 1)) << size;
    EXPECT_EQ(bits.count(), size == 1 ? 1u : 2u) << size;
  }
}

TEST(Bitmap, IgnoresWhatIsPastTheEnd) {
  Bitmap bits(65);
  bits.set(65);
  bits.set(127);
  bits.set(SIZE_MAX);
  EXPECT_FALSE(bits.test(65));
  EXPECT_FALSE(bits.test(SIZE_MAX));
  EXPECT_EQ(bits.count(), 0u);
  EXPECT_EQ(bits.words()[1], 0u);
}

TEST(Bitmap, CombinesWithOthersOfItsSize) {
  for (const size_t size : {1u, 63u, 64u, 65u, 130u}) {
    Bitmap a(size);
    Bitmap b(size);
    for (size_t i = 0; i < size; i += 2) a.set(i);
    for (size_t i = 0; i < size; i += 3) b.set(i);
    Bitmap both = a;
    both.keep_common(b);
    Bitmap any = a;
    any.add(b);
    Bitmap rest = a;
    rest.flip();
    for (size_t i = 0; i < size; ++i) {
      EXPECT_EQ(both.test(i), i % 6 == 0);
      EXPECT_EQ(any.test(i), i % 2 == 0 || i % 3 == 0);
      EXPECT_EQ(rest.test(i), i % 2 != 0);
    }
    EXPECT_EQ(rest.count(), size - a.count());  // none past the end
    EXPECT_FALSE(a.none());
    rest.keep_common(a);
    EXPECT_TRUE(rest.none());
  }
}

TEST(Bitmap, VisitsItsBitsSomeAtATime) {
  for (const size_t size : {0u, 1u, 63u, 64u, 65u, 200u}) {
    Bitmap bits(size);
    std::vector<uint32_t> expected;
    for (uint32_t i = 0; i < size; i += i % 5 + 1) {
      bits.set(i);
      expected.push_back(i);
    }
    std::vector<uint32_t> visited;
    bits.for_each_some<8>([&](std::span<uint32_t> some) {
      EXPECT_FALSE(some.empty());
      EXPECT_LE(some.size(), 8U);
      visited.insert(visited.end(), some.begin(), some.end());
    });
    EXPECT_EQ(visited, expected);
  }
  Bitmap full(16);
  full.flip();
  int calls = 0;
  full.for_each_some<8>([&](std::span<uint32_t> some) {
    EXPECT_EQ(some.size(), 8U);
    ++calls;
  });
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace quiver
