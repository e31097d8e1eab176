#pragma once

#include <stdint.h>

namespace quiver::kernel {
namespace {

/// The terms of code-inl.h by the multiplications that every x86 set since SSSE3 has. `R` is a
/// register of bytes and what can be done with it: see regs_sse4.h.
template <typename R>
struct BytesX86 : R {
  using Reg = typename R::Reg;

  static Reg low(Reg x) { return R::bits_and(x, R::each8(15)); }
  static Reg high(Reg x) { return low(R::template shift16<4>(x)); }
  static Reg pairs_to_32(Reg x) { return R::multiply16(x, R::each16(1)); }

  /// aᵢ · 1 + bᵢ · -1 of two bytes that lie beside each other.
  static Reg differences16(Reg pairs) { return R::multiply8(pairs, R::each16(0xFF01)); }

  static Reg add_u8(Reg sums, Reg a, Reg b) {
    const Reg x = differences16(R::interleave_low8(a, b));
    const Reg y = differences16(R::interleave_high8(a, b));
    return R::add32(R::add32(sums, R::multiply16(x, x)), R::multiply16(y, y));
  }

  /// Two squares of at most 127² fit a signed 16-bit sum.
  static Reg add_u7(Reg sums, Reg a, Reg b) {
    const Reg x = R::abs8(R::sub8(a, b));
    return R::add32(sums, pairs_to_32(R::multiply8(x, x)));
  }

  static Reg add_u4(Reg sums, Reg a, Reg b) {
    const Reg x = R::abs8(R::sub8(low(a), low(b)));
    const Reg y = R::abs8(R::sub8(high(a), high(b)));
    return R::add32(sums, pairs_to_32(R::add16(R::multiply8(x, x), R::multiply8(y, y))));
  }
};

}  // namespace
}  // namespace quiver::kernel
