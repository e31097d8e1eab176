// The memory of this test program. In a file of its own: where GCC sees both how memory is had and
// how it is used, it takes them for a mismatch.

#include "support/limited_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace quiver::test {

std::atomic<size_t> largest_allocation{SIZE_MAX};

TEST(LimitedMemory, HoldsWhatIsNotTooLarge) {
  largest_allocation = 1000;
  EXPECT_TRUE(std::make_unique<char[]>(1000));
  EXPECT_THROW((void)std::make_unique<char[]>(1001), std::bad_alloc);
  largest_allocation = SIZE_MAX;
}

}  // namespace quiver::test

// Every other form ends in one of these.
[[gnu::noinline]] void* operator new(size_t bytes) {
  if (bytes > quiver::test::largest_allocation.load(std::memory_order_relaxed)) {
    throw std::bad_alloc();
  }
  if (void* const memory = std::malloc(bytes != 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t /*bytes*/) noexcept {
  std::free(memory);
}
