#pragma once

#include "kernel/sum-inl.h"

namespace quiver::kernel {
namespace {

struct SquaredDifference {
  template <typename L>
  static typename L::Reg of(typename L::Reg x, typename L::Reg y) {
    const typename L::Reg difference = L::sub(x, y);
    return L::mul(difference, difference);
  }
};

template <typename L>
float l2(const float* a, const float* b, uint32_t dim) {
  return sum_of<L, SquaredDifference>(a, b, dim);
}

}  // namespace
}  // namespace quiver::kernel
