#include "base/huge_pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quiver {
namespace {

TEST(HugePages, LeaveWhatIsThere) {
  std::vector<uint8_t> memory(size_t{9} << 20, 7);
  for (const size_t begin : {size_t{0}, size_t{1}, size_t{2} << 20}) {
    for (const size_t bytes : {size_t{0}, size_t{100}, size_t{2} << 20, size_t{7} << 20}) {
      prefer_huge_pages(memory.data() + begin, bytes);
    }
  }
  EXPECT_EQ(std::count(memory.begin(), memory.end(), 7), static_cast<ptrdiff_t>(memory.size()));
}

}  // namespace
}  // namespace quiver
