#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/table.h"

namespace quiver::index {

/// Contiguous codes and how they are compared: `rows` of `bytes` bytes each, which lie as the
/// kernel asks (see kernel/table.h). Borrowed memory.
struct CodeBlock {
  const uint8_t* codes = nullptr;
  size_t bytes = 0;
  uint32_t rows = 0;
  const kernel::CodeKernel* kernel = nullptr;
  bool has_float_distances = false;  ///< distances are the bits of floats that are not negative
  uint32_t measures_one_in = 2;      ///< of the rows that a walk keeps, the nearest are measured

  [[nodiscard]] const uint8_t* code(uint32_t row) const { return codes + row * bytes; }
};

}  // namespace quiver::index
