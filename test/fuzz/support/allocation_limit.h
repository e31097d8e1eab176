#pragma once

#include <cstddef>

namespace quiver::fuzz {

/// While it lives, a single allocation that an input of that many bytes does not justify ends the
/// program: a length was believed before it was checked. Every thread; one object at a time.
class AllocationLimit {
 public:
  explicit AllocationLimit(size_t input_bytes);
  ~AllocationLimit();
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;
};

}  // namespace quiver::fuzz
