#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace quiver::kernel {
namespace {

/// 512-bit registers (AVX-512 F, BW, DQ and VL). No fused multiply-add: see scalar.cpp.
struct LanesAvx512 {
  using Reg = __m512;
  static constexpr uint32_t kWidth = 16;
  static constexpr bool kPrefetches = true;

  static Reg zero() { return _mm512_setzero_ps(); }
  static Reg load(const float* p) { return _mm512_loadu_ps(p); }
  static Reg load_partial(const float* p, uint32_t n) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << n) - 1), p);
  }
  static Reg add(Reg x, Reg y) { return _mm512_add_ps(x, y); }
  static Reg sub(Reg x, Reg y) { return _mm512_sub_ps(x, y); }
  static Reg mul(Reg x, Reg y) { return _mm512_mul_ps(x, y); }

  static float reduce(Reg x) {
    // The masked form: g++ 12 warns about its own header in the plain one (GCC bug 105593).
    const __m256 eight = _mm256_add_ps(_mm512_maskz_extractf32x8_ps(0xFF, x, 0),
                                       _mm512_maskz_extractf32x8_ps(0xFF, x, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
  }
  static float square_root(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }
  [[gnu::always_inline]] static void prefetch(const char* p) { _mm_prefetch(p, _MM_HINT_T0); }
};

}  // namespace
}  // namespace quiver::kernel
