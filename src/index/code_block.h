#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/table.h"

namespace quiver::index {

/// Contiguous codes (see kernel::CodeDistance) and how they are compared: `rows` of `bytes` bytes
/// each, aligned to kernel::kCodeAlignment. Borrowed memory.
struct CodeBlock {
  const uint8_t* codes = nullptr;
  size_t bytes = 0;
  uint32_t rows = 0;
  const kernel::CodeKernel* kernel = nullptr;
  bool has_float_distances = false;  ///< distances are the bits of floats that are not negative

  [[nodiscard]] const uint8_t* code(uint32_t row) const { return codes + row * bytes; }
};

}  // namespace quiver::index
