#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "base/huge_pages.h"
#include "kernel/table.h"

namespace quiver::quant {

/// Memory for codes, aligned to kernel::kCodeAlignment.
class CodeMemory {
 public:
  CodeMemory() = default;
  /// `bytes` of it. Throws std::bad_alloc.
  explicit CodeMemory(size_t bytes) {
    reserve(bytes);
    grow(bytes);
  }

  /// Makes sure that up to `bytes` grow() moves nothing; none of them is touched. Throws
  /// std::bad_alloc.
  void reserve(size_t bytes) {
    // Else it is std::length_error.
    if (lines_for(bytes) > lines_.max_size()) throw std::bad_alloc();
    lines_.reserve(lines_for(bytes));
    prefer_huge_pages(lines_.data(), lines_.capacity() * sizeof(Line));
  }

  /// Makes sure that there are `bytes`; what it held is kept, elsewhere.
  void grow(size_t bytes) {
    if (lines_.size() < lines_for(bytes)) lines_.resize(lines_for(bytes));
  }

  [[nodiscard]] uint8_t* data() { return reinterpret_cast<uint8_t*>(lines_.data()); }
  [[nodiscard]] const uint8_t* data() const {
    return reinterpret_cast<const uint8_t*>(lines_.data());
  }

 private:
  struct alignas(kernel::kCodeAlignment) Line {
    uint8_t bytes[kernel::kCodeAlignment];
  };

  static size_t lines_for(size_t bytes) {
    return bytes / sizeof(Line) + (bytes % sizeof(Line) != 0 ? 1 : 0);
  }

  std::vector<Line> lines_;
};

}  // namespace quiver::quant
