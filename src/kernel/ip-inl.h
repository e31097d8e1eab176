#pragma once

#include "kernel/sum-inl.h"

namespace quiver::kernel {
namespace {

struct Product {
  template <typename L>
  static typename L::Reg of(typename L::Reg x, typename L::Reg y) {
    return L::mul(x, y);
  }
};

template <typename L>
float inner_product(const float* a, const float* b, uint32_t dim) {
  return -sum_of<L, Product>(a, b, dim);
}

}  // namespace
}  // namespace quiver::kernel
