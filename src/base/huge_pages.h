#pragma once

#include <cstddef>

namespace quiver {

/// Asks the system for large pages for memory that is to be read here and there, so that finding a
/// page misses less often. Before the memory is first written. Without effect where the system has
/// none (all but Linux) or is told not to give them.
void prefer_huge_pages(void* memory, size_t bytes);

}  // namespace quiver
