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

/// `kRegs` registers of the running sums of isa/scalar.cpp, as two halves: a compiler keeps named
/// members in registers, but an array that a loop goes through it may leave in memory. For the same
/// reason the parts must be inlined (their address would else be taken); other compilers ignore
/// that.
template <typename L, uint32_t kRegs>
struct Sums {
  static constexpr uint32_t kHalf = kRegs / 2 * L::kWidth;

  Sums<L, kRegs / 2> low;
  Sums<L, kRegs / 2> high;

  template <typename Term>
  [[gnu::always_inline]] void add_all(const float* a, const float* b) {
    low.template add_all<Term>(a, b);
    high.template add_all<Term>(a + kHalf, b + kHalf);
  }

  /// The first `n` elements only; n < kRegs * kWidth.
  template <typename Term>
  [[gnu::always_inline]] void add_first(const float* a, const float* b, uint32_t n) {
    if (n < kHalf) {
      low.template add_first<Term>(a, b, n);
    } else {
      low.template add_all<Term>(a, b);
      high.template add_first<Term>(a + kHalf, b + kHalf, n - kHalf);
    }
  }

  void add(const Sums& other) {
    low.add(other.low);
    high.add(other.high);
  }

  float total() {
    low.add(high);
    return low.total();
  }
};

template <typename L>
struct Sums<L, 1> {
  typename L::Reg reg = L::zero();

  template <typename Term>
  [[gnu::always_inline]] void add_all(const float* a, const float* b) {
    reg = L::add(reg, Term::template of<L>(L::load(a), L::load(b)));
  }

  template <typename Term>
  [[gnu::always_inline]] void add_first(const float* a, const float* b, uint32_t n) {
    if (n == 0) return;
    reg = L::add(reg, Term::template of<L>(L::load_partial(a, n), L::load_partial(b, n)));
  }

  void add(const Sums& other) { reg = L::add(reg, other.reg); }

  float total() { return L::reduce(reg); }
};

/// Σ Term(aᵢ, bᵢ) in the order that isa/scalar.cpp defines.
template <typename L, typename Term>
inline float sum_of(const float* a, const float* b, uint32_t dim) {
  Sums<L, 32 / L::kWidth> sums;
  for (uint32_t blocks = dim / 32; blocks != 0; --blocks) {
    sums.template add_all<Term>(a, b);
    a += 32;
    b += 32;
  }
  if (dim % 32 != 0) sums.template add_first<Term>(a, b, dim % 32);
  return sums.total();
}

}  // namespace
}  // namespace quiver::kernel
