#pragma once

// Plain C only: files compiled for one instruction set each include this (see table.h).
#include <float.h>

namespace quiver::kernel {
namespace {

/// Whether Σ vᵢ² can be divided by. Zero, overflow, NaN and the subnormal numbers (too few digits
/// left to give a direction) cannot: such a vector counts as the zero vector.
[[maybe_unused]] constexpr bool is_usable_squared_norm(float squared) {
  return squared >= FLT_MIN && squared <= FLT_MAX;
}

}  // namespace
}  // namespace quiver::kernel
