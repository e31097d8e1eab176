#include "base/array_bytes.h"

#include <gtest/gtest.h>

#include "base/scratch.h"

namespace quiver {
namespace {

TEST(ArrayBytes, AreTheProductOrNoMemory) {
  EXPECT_EQ(array_bytes(0, 0), 0U);
  EXPECT_EQ(array_bytes(SIZE_MAX, 0), 0U);
  EXPECT_EQ(array_bytes(3, 5), 15U);
  EXPECT_EQ(array_bytes(SIZE_MAX / 528, 528), SIZE_MAX / 528 * 528);
  EXPECT_THROW((void)array_bytes(SIZE_MAX / 528 + 1, 528), std::bad_alloc);
  EXPECT_THROW((void)array_bytes(SIZE_MAX, SIZE_MAX), std::bad_alloc);
}

TEST(Scratch, IsFreedWhereItIsManyTimesWhatIsNeeded) {
  std::vector<uint64_t> scratch(size_t{1} << 20);
  free_if_wasteful(scratch, scratch.size() / 16);
  EXPECT_EQ(scratch.size(), size_t{1} << 20);
  free_if_wasteful(scratch, scratch.size() / 16 - 1);
  EXPECT_EQ(scratch.capacity(), 0U);
  scratch.resize(1000);
  free_if_wasteful(scratch, 1);
  EXPECT_EQ(scratch.size(), 1000U);
}

}  // namespace
}  // namespace quiver
