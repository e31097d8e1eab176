#pragma once

#include <simde/x86/sse4.1.h>
#include <stdint.h>

namespace quiver::kernel {
namespace {

/// 128-bit registers in SSE's words, through simde: SSE on x86, NEON on ARM.
struct Lanes {
  using Register = simde__m128;
  static constexpr uint32_t kWidth = 4;

  static Register zero() { return simde_mm_setzero_ps(); }
  static Register load(const float* from) { return simde_mm_loadu_ps(from); }
  static Register load_first(const float* from, uint32_t count) {
    return simde_mm_setr_ps(from[0], count > 1 ? from[1] : 0.0F, count > 2 ? from[2] : 0.0F, 0.0F);
  }
  static Register add(Register a, Register b) { return simde_mm_add_ps(a, b); }
  static Register subtract(Register a, Register b) { return simde_mm_sub_ps(a, b); }
  static Register multiply(Register a, Register b) { return simde_mm_mul_ps(a, b); }
  static float fold(Register sums) {
    const Register two = simde_mm_add_ps(sums, simde_mm_movehl_ps(sums, sums));
    return simde_mm_cvtss_f32(
        simde_mm_add_ss(two, simde_mm_shuffle_ps(two, two, SIMDE_MM_SHUFFLE(1, 1, 1, 1))));
  }
};

}  // namespace
}  // namespace quiver::kernel
