#pragma once

#include <stddef.h>
#include <stdint.h>

namespace quiver::kernel {
namespace {

/// What the bits of a half byte count for, in each of the four parts of a query's levels.
alignas(64) constexpr uint8_t kLevelsOfBits[64] = {
    0,   1,   1,   2,   1,   2,   2,   3,   1,   2,   2,   3,   2, 3,  3,  4,   //
    0,   2,   2,   4,   2,   4,   4,   6,   2,   4,   4,   6,   4, 6,  6,  8,   //
    0,   4,   4,   8,   4,   8,   8,   12,  4,   8,   8,   12,  8, 12, 12, 16,  //
    0,   248, 248, 240, 248, 240, 240, 232, 248, 240, 240, 232,                 //
    240, 232, 232, 224};  // the last part: -8 for a bit

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

  /// Of each byte of signs what it adds, as signed bytes: at most 8 · (1 + 2 + 4), at least -8 · 8.
  static Reg sums_of_signs(const uint8_t* levels, const uint8_t* signs) {
    const Reg bits = R::load_each16(signs);
    const auto part = [&](size_t at) {
      const Reg both = R::bits_and(bits, R::load(levels + at));
      const Reg counts = R::load(kLevelsOfBits + at);
      return R::add8(R::look_up8(counts, low(both)), R::look_up8(counts, high(both)));
    };
    Reg sums = part(0);
    for (size_t at = R::kWidth; at < sizeof(kLevelsOfBits); at += R::kWidth) {
      sums = R::add8(sums, part(at));
    }
    return sums;
  }

  static Reg add_signs(Reg sums, const uint8_t* levels, const uint8_t* signs) {
    return R::add32(sums, pairs_to_32(R::multiply8(R::each8(1), sums_of_signs(levels, signs))));
  }
};

}  // namespace
}  // namespace quiver::kernel
