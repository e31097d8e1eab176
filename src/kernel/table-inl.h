#pragma once

#include "kernel/batch-inl.h"
#include "kernel/code-inl.h"
#include "kernel/cosine-inl.h"
#include "kernel/ip-inl.h"
#include "kernel/l2-inl.h"
#include "kernel/signs-inl.h"

namespace quiver::kernel {
namespace {

/// The kernels over one instruction set's floats `L` (see sum-inl.h) and bytes `B` (see
/// code-inl.h).
template <typename L, typename B>
constexpr KernelTable make_table(const char* name) {
  return {
      name,
      l2<L>,
      inner_product<L>,
      cosine<L>,
      l2_batch<L, l2<L>>,
      inner_product_batch<L, inner_product<L>>,
      make_code_kernel<B, L2U8<B>>(),
      make_code_kernel<B, L2U7<B>>(),
      make_code_kernel<B, L2U4<B>>(),
      make_signs_kernel<B>(),
  };
}

}  // namespace
}  // namespace quiver::kernel
