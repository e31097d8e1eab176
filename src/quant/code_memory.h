#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel/table.h"

namespace quiver::quant {

/// Memory for codes, aligned to kernel::kCodeAlignment.
class CodeMemory {
 public:
  CodeMemory() = default;
  /// `bytes` of it. Throws std::bad_alloc.
  explicit CodeMemory(size_t bytes) { grow(bytes); }

  /// Makes sure that there are `bytes`; what it held is kept, elsewhere.
  void grow(size_t bytes) {
    const size_t lines = (bytes + sizeof(Line) - 1) / sizeof(Line);
    if (lines_.size() < lines) lines_.resize(lines);
  }

  [[nodiscard]] uint8_t* data() { return reinterpret_cast<uint8_t*>(lines_.data()); }
  [[nodiscard]] const uint8_t* data() const {
    return reinterpret_cast<const uint8_t*>(lines_.data());
  }

 private:
  struct alignas(kernel::kCodeAlignment) Line {
    uint8_t bytes[kernel::kCodeAlignment];
  };

  std::vector<Line> lines_;
};

}  // namespace quiver::quant
