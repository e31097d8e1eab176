#pragma once

#include <nmmintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace quiver::kernel {
namespace {

/// 128-bit registers of whole numbers; the digits in a name are the bits of one.
struct RegsSse4 {
  using Reg = __m128i;
  using Sums = Reg;
  static constexpr size_t kWidth = 16;

  static Reg zero() { return _mm_setzero_si128(); }
  /// At any address, though codes are aligned: an aligned load would take 5% off here, and let a
  /// caller's mistake crash old machines alone.
  static Reg load(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const Reg*>(p)); }
  /// 16 bytes, again and again.
  static Reg load_each16(const uint8_t* p) { return load(p); }
  static Reg each8(int x) { return _mm_set1_epi8(static_cast<char>(x)); }
  static Reg each16(int x) { return _mm_set1_epi16(static_cast<short>(x)); }

  static Reg bits_and(Reg x, Reg y) { return _mm_and_si128(x, y); }
  template <int kBits>
  static Reg shift16(Reg x) {
    return _mm_srli_epi16(x, kBits);
  }
  /// x₀ y₀ x₁ y₁ … of one half of each 128 bits, and of the other.
  static Reg interleave_low8(Reg x, Reg y) { return _mm_unpacklo_epi8(x, y); }
  static Reg interleave_high8(Reg x, Reg y) { return _mm_unpackhi_epi8(x, y); }
  static Reg add8(Reg x, Reg y) { return _mm_add_epi8(x, y); }
  static Reg add16(Reg x, Reg y) { return _mm_add_epi16(x, y); }
  static Reg add32(Reg x, Reg y) { return _mm_add_epi32(x, y); }
  static Reg sub8(Reg x, Reg y) { return _mm_sub_epi8(x, y); }
  static Reg abs8(Reg x) { return _mm_abs_epi8(x); }
  /// Products, the first factor unsigned and the second signed, added two by two to numbers of
  /// twice the width.
  static Reg multiply8(Reg x, Reg y) { return _mm_maddubs_epi16(x, y); }
  static Reg multiply16(Reg x, Reg y) { return _mm_madd_epi16(x, y); }

  /// Of each 128 bits of the table, the bytes that the same 128 bits of x number: 0 to 15.
  static Reg look_up8(Reg table, Reg x) { return _mm_shuffle_epi8(table, x); }

  static uint32_t total(Reg x) {
    const Reg two = add32(x, _mm_unpackhi_epi64(x, x));
    return static_cast<uint32_t>(_mm_cvtsi128_si32(add32(two, _mm_shuffle_epi32(two, 1))));
  }
  static void totals(Reg a, Reg b, Reg c, Reg d, uint32_t* out) {
    const Reg ab = add32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
    const Reg cd = add32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
    const Reg all = add32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
    _mm_storeu_si128(reinterpret_cast<Reg*>(out), all);
  }
  [[gnu::always_inline]] static void prefetch(const uint8_t* p) {
    _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0);
  }
};

}  // namespace
}  // namespace quiver::kernel
