#pragma once

#include <cstdint>

#include "base/expected.h"

namespace quiver::quant {

/// The first number of a codec's parameters: which codec of its kind wrote them. Stored in segment
/// files: never renumber.
enum class CodeForm : uint32_t { kBytes = 1, kRotated = 2, kSigns = 3, kProduct = 4 };

constexpr size_t round_up(size_t count, size_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

inline Error corrupt_parameters() {
  return Error{Code::kCorruptFile, "the parameters of its codes do not fit"};
}

}  // namespace quiver::quant
