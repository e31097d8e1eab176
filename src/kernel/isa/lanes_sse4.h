#pragma once

#include <simde/x86/sse4.2.h>
#include <stdint.h>

namespace quiver::kernel {
namespace {

/// 128-bit registers through simde: SSE on x86, NEON on ARM.
struct LanesSse4 {
  using Reg = simde__m128;
  static constexpr uint32_t kWidth = 4;
  static constexpr bool kPrefetches = true;

  static Reg zero() { return simde_mm_setzero_ps(); }
  static Reg load(const float* p) { return simde_mm_loadu_ps(p); }
  static Reg load_partial(const float* p, uint32_t n) {
    return simde_mm_setr_ps(p[0], n > 1 ? p[1] : 0.0F, n > 2 ? p[2] : 0.0F, 0.0F);
  }
  static Reg add(Reg x, Reg y) { return simde_mm_add_ps(x, y); }
  static Reg sub(Reg x, Reg y) { return simde_mm_sub_ps(x, y); }
  static Reg mul(Reg x, Reg y) { return simde_mm_mul_ps(x, y); }

  static float reduce(Reg x) {
    const Reg two = simde_mm_add_ps(x, simde_mm_movehl_ps(x, x));
    return simde_mm_cvtss_f32(simde_mm_add_ss(two, simde_mm_shuffle_ps(two, two, 1)));
  }
  static float square_root(float x) {
    return simde_mm_cvtss_f32(simde_mm_sqrt_ps(simde_mm_set1_ps(x)));
  }
  [[gnu::always_inline]] static void prefetch(const char* p) {
#if defined(__GNUC__)
    __builtin_prefetch(p);  // simde 0.8 asks for the farthest cache instead of the nearest
#else
    simde_mm_prefetch(p, SIMDE_MM_HINT_T0);
#endif
  }
};

}  // namespace
}  // namespace quiver::kernel
