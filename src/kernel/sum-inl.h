#pragma once

#include <stdint.h>

// Bodies over a `Lanes` struct: one instruction set's register of floats. It gives
//   Reg, kWidth (floats in a Reg; divides 32)
//   zero()  load(p)  load_partial(p, n): the first n of kWidth, 0 < n < kWidth, the rest +0
//   add  sub  mul  reduce(r): to one float by the tree in isa/scalar.cpp
//   square_root(x)  prefetch(p)
// Everything lives in an unnamed namespace, so that no two instruction sets share a function.
namespace quiver::kernel {
namespace {

/// The 32 running sums of isa/scalar.cpp, in 32 / kWidth registers.
template <typename L>
struct Sums {
  static constexpr uint32_t kRegs = 32 / L::kWidth;
  typename L::Reg reg[kRegs];
};

/// The tail of fewer than 32 elements, register by register. A recursion rather than a loop: the
/// sums stay in registers only if every index is a constant.
template <typename L, typename Term, uint32_t kIndex = 0>
inline void add_tail(Sums<L>& sums, const float* a, const float* b, uint32_t left) {
  if constexpr (kIndex < Sums<L>::kRegs) {
    if (left >= L::kWidth) {
      sums.reg[kIndex] = L::add(sums.reg[kIndex], Term::template of<L>(L::load(a), L::load(b)));
      add_tail<L, Term, kIndex + 1>(sums, a + L::kWidth, b + L::kWidth, left - L::kWidth);
    } else if (left != 0) {
      sums.reg[kIndex] = L::add(sums.reg[kIndex], Term::template of<L>(L::load_partial(a, left),
                                                                       L::load_partial(b, left)));
    }
  }
}

/// Σ Term(aᵢ, bᵢ) in the order that isa/scalar.cpp defines.
template <typename L, typename Term>
inline float sum_of(const float* a, const float* b, uint32_t dim) {
  constexpr uint32_t kRegs = Sums<L>::kRegs;
  Sums<L> sums;
  for (uint32_t k = 0; k < kRegs; ++k) sums.reg[k] = L::zero();
  for (uint32_t blocks = dim / 32; blocks != 0; --blocks) {
    for (uint32_t k = 0; k < kRegs; ++k) {
      const uint32_t at = k * L::kWidth;
      sums.reg[k] = L::add(sums.reg[k], Term::template of<L>(L::load(a + at), L::load(b + at)));
    }
    a += 32;
    b += 32;
  }
  add_tail<L, Term>(sums, a, b, dim % 32);
  for (uint32_t half = kRegs / 2; half != 0; half /= 2) {
    for (uint32_t k = 0; k < half; ++k) sums.reg[k] = L::add(sums.reg[k], sums.reg[k + half]);
  }
  return L::reduce(sums.reg[0]);
}

}  // namespace
}  // namespace quiver::kernel
