#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace quiver::kernel {
namespace {

/// 512-bit registers of whole numbers, as in regs_sse4.h.
struct RegsAvx512 {
  using Reg = __m512i;
  using Sums = Reg;
  static constexpr size_t kWidth = 64;

  static Reg zero() { return _mm512_setzero_si512(); }
  static Reg load(const uint8_t* p) { return _mm512_loadu_si512(p); }
  static Reg load_each16(const uint8_t* p) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Reg each8(int x) { return _mm512_set1_epi8(static_cast<char>(x)); }
  static Reg each16(int x) { return _mm512_set1_epi16(static_cast<short>(x)); }

  static Reg bits_and(Reg x, Reg y) { return _mm512_and_si512(x, y); }
  template <int kBits>
  static Reg shift16(Reg x) {
    return _mm512_srli_epi16(x, kBits);
  }
  static Reg interleave_low8(Reg x, Reg y) { return _mm512_unpacklo_epi8(x, y); }
  static Reg interleave_high8(Reg x, Reg y) { return _mm512_unpackhi_epi8(x, y); }
  static Reg add8(Reg x, Reg y) { return _mm512_add_epi8(x, y); }
  static Reg add16(Reg x, Reg y) { return _mm512_add_epi16(x, y); }
  static Reg add32(Reg x, Reg y) { return _mm512_add_epi32(x, y); }
  static Reg sub8(Reg x, Reg y) { return _mm512_sub_epi8(x, y); }
  static Reg abs8(Reg x) { return _mm512_abs_epi8(x); }
  static Reg multiply8(Reg x, Reg y) { return _mm512_maddubs_epi16(x, y); }
  static Reg multiply16(Reg x, Reg y) { return _mm512_madd_epi16(x, y); }

  static Reg look_up8(Reg table, Reg x) { return _mm512_shuffle_epi8(table, x); }

  static __m128i four(Reg x) {
    // The masked form, as in lanes_avx512.h.
    const __m256i eight = _mm256_add_epi32(_mm512_maskz_extracti64x4_epi64(0xFF, x, 0),
                                           _mm512_maskz_extracti64x4_epi64(0xFF, x, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  }
  static uint32_t total(Reg x) {
    const __m128i four_sums = four(x);
    const __m128i two = _mm_add_epi32(four_sums, _mm_unpackhi_epi64(four_sums, four_sums));
    return static_cast<uint32_t>(_mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1))));
  }
  static void totals(Reg a, Reg b, Reg c, Reg d, uint32_t* out) {
    const Reg ab = add32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const Reg cd = add32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    const Reg all = add32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), four(all));
  }
  [[gnu::always_inline]] static void prefetch(const uint8_t* p) {
    _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0);
  }
};

}  // namespace
}  // namespace quiver::kernel
