#pragma once

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

namespace quiver::kernel {
namespace {

/// 128-bit NEON registers, for code-inl.h. With the dot product where every CPU that the build is
/// for has it (all of Apple's).
struct BytesNeon {
  using Reg = uint8x16_t;
  using Sums = uint32x4_t;
  static constexpr size_t kWidth = 16;

  static Reg load(const uint8_t* p) { return vld1q_u8(p); }
  static Sums zero() { return vdupq_n_u32(0); }
  static Sums add32(Sums x, Sums y) { return vaddq_u32(x, y); }

  static Reg low(Reg x) { return vandq_u8(x, vdupq_n_u8(15)); }
  static Reg high(Reg x) { return vshrq_n_u8(x, 4); }

#if defined(__ARM_FEATURE_DOTPROD)
  static Sums add_u8(Sums sums, Reg a, Reg b) {
    const Reg x = vabdq_u8(a, b);
    return vdotq_u32(sums, x, x);
  }
  static Sums add_u4(Sums sums, Reg a, Reg b) {
    return add_u8(add_u8(sums, low(a), low(b)), high(a), high(b));
  }
#else
  static Sums add_u8(Sums sums, Reg a, Reg b) {
    const Reg x = vabdq_u8(a, b);
    const uint8x8_t half = vget_low_u8(x);
    return vpadalq_u16(vpadalq_u16(sums, vmull_u8(half, half)), vmull_high_u8(x, x));
  }
  /// 15² fits a byte.
  static Sums add_u4(Sums sums, Reg a, Reg b) {
    const Reg x = vabdq_u8(low(a), low(b));
    const Reg y = vabdq_u8(high(a), high(b));
    return vpadalq_u16(sums, vpadalq_u8(vpaddlq_u8(vmulq_u8(x, x)), vmulq_u8(y, y)));
  }
#endif

  static Sums add_u7(Sums sums, Reg a, Reg b) { return add_u8(sums, a, b); }

  /// By Horner's rule, from the highest bits on; between -64 and 56 on the way.
  static Sums add_signs(Sums sums, const uint8_t* levels, const uint8_t* signs) {
    const Reg bits = load(signs);
    const auto count = [&](size_t part) {
      return vreinterpretq_s8_u8(vcntq_u8(vandq_u8(bits, load(levels + 16 * part))));
    };
    int8x16_t sum = vsubq_s8(count(2), vshlq_n_s8(count(3), 1));
    sum = vaddq_s8(count(1), vshlq_n_s8(sum, 1));
    sum = vaddq_s8(count(0), vshlq_n_s8(sum, 1));
    return vreinterpretq_u32_s32(vpadalq_s16(vreinterpretq_s32_u32(sums), vpaddlq_s8(sum)));
  }

  static uint32_t total(Sums x) { return vaddvq_u32(x); }
  static void totals(Sums a, Sums b, Sums c, Sums d, uint32_t* out) {
    vst1q_u32(out, vpaddq_u32(vpaddq_u32(a, b), vpaddq_u32(c, d)));
  }
  [[gnu::always_inline]] static void prefetch(const uint8_t* p) {
#if defined(_MSC_VER) && !defined(__clang__)
    __prefetch(p);
#else
    __builtin_prefetch(p);
#endif
  }
};

}  // namespace
}  // namespace quiver::kernel
