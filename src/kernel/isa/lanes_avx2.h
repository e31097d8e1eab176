#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace quiver::kernel {
namespace {

/// 256-bit registers. No fused multiply-add: see scalar.cpp.
struct LanesAvx2 {
  using Reg = __m256;
  static constexpr uint32_t kWidth = 8;
  static constexpr bool kPrefetches = true;

  static Reg zero() { return _mm256_setzero_ps(); }
  static Reg load(const float* p) { return _mm256_loadu_ps(p); }
  static Reg load_partial(const float* p, uint32_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i wanted = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
    return _mm256_maskload_ps(p, wanted);
  }
  static Reg add(Reg x, Reg y) { return _mm256_add_ps(x, y); }
  static Reg sub(Reg x, Reg y) { return _mm256_sub_ps(x, y); }
  static Reg mul(Reg x, Reg y) { return _mm256_mul_ps(x, y); }

  static float reduce(Reg x) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
  }
  static float square_root(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }
  [[gnu::always_inline]] static void prefetch(const char* p) { _mm_prefetch(p, _MM_HINT_T0); }
};

}  // namespace
}  // namespace quiver::kernel
