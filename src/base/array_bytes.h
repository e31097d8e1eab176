#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace quiver {

/// `count · size`, for an allocation. Throws std::bad_alloc where that is more than there are
/// addresses, as it can be where they have 32 bits.
inline size_t array_bytes(size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) throw std::bad_alloc();
  return count * size;
}

}  // namespace quiver
