#pragma once

#include "kernel/ip-inl.h"
#include "kernel/norm.h"

namespace quiver::kernel {
namespace {

/// Three passes rather than one: three sets of sums do not fit the 16 registers of a 128-bit set,
/// and the second and third pass read what the first brought into the nearest cache.
template <typename L>
float cosine(const float* a, const float* b, uint32_t dim) {
  const float aa = sum_of<L, Product>(a, a, dim);
  const float bb = sum_of<L, Product>(b, b, dim);
  if (!is_usable_squared_norm(aa) || !is_usable_squared_norm(bb)) return 0.0F;
  return -(sum_of<L, Product>(a, b, dim) / (L::square_root(aa) * L::square_root(bb)));
}

}  // namespace
}  // namespace quiver::kernel
