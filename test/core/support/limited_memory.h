#pragma once

#include <atomic>
#include <cstddef>

namespace quiver::test {

/// What is larger does not fit in memory. For programs that are linked with
/// limited_memory_test.cpp.
extern std::atomic<size_t> largest_allocation;

}  // namespace quiver::test
