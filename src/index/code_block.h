#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/table.h"

namespace quiver::index {

/// Contiguous codes of rows: `rows × bytes` bytes, aligned to kernel::kCodeAlignment, of which
/// `bytes` is a multiple. Borrowed memory.
struct CodeBlock {
  const uint8_t* codes = nullptr;
  size_t bytes = 0;
  uint32_t rows = 0;
  const kernel::CodeKernel* kernel = nullptr;
};

}  // namespace quiver::index
