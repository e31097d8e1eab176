#include "base/bitmap.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace quiver
