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

// All forms that take memory without alignment: a sanitizer has its own of each, and memory
// must go back to where it came from.
[[gnu::noinline]] void* operator new(size_t bytes) {
  if (bytes > quiver::test::largest_allocation.load(std::memory_order_relaxed)) {
    throw std::bad_alloc();
  }
  if (void* const memory = std::malloc(bytes != 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t bytes, const std::nothrow_t& /*unused*/) noexcept {
  if (bytes > quiver::test::largest_allocation.load(std::memory_order_relaxed)) return nullptr;
  return std::malloc(bytes != 0 ? bytes : 1);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t& /*unused*/) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t /*bytes*/) noexcept {
  std::free(memory);
}

[[gnu::noinline]] void* operator new[](size_t bytes) { return operator new(bytes); }
[[gnu::noinline]] void* operator new[](size_t bytes, const std::nothrow_t& none) noexcept {
  return operator new(bytes, none);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, size_t /*bytes*/) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, const std::nothrow_t& /*unused*/) noexcept {
  std::free(memory);
}
