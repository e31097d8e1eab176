#pragma once

#include <stddef.h>
#include <stdint.h>
#include <wasm_simd128.h>

namespace quiver::kernel {
namespace {

/// 128-bit WebAssembly registers, for code-inl.h.
struct BytesWasm128 {
  using Reg = v128_t;
  using Sums = v128_t;
  static constexpr size_t kWidth = 16;
  static constexpr bool kPrefetches = false;

  static Reg load(const uint8_t* p) { return wasm_v128_load(p); }
  static Sums zero() { return wasm_i32x4_const(0, 0, 0, 0); }
  static Sums add32(Sums x, Sums y) { return wasm_i32x4_add(x, y); }

  static Reg low(Reg x) { return wasm_v128_and(x, wasm_i8x16_const_splat(15)); }
  static Reg high(Reg x) { return wasm_u8x16_shr(x, 4); }

  static Sums add_squares(Sums sums, Reg x) {
    const v128_t first = wasm_u16x8_extend_low_u8x16(x);
    const v128_t second = wasm_u16x8_extend_high_u8x16(x);
    return add32(add32(sums, wasm_i32x4_dot_i16x8(first, first)),
                 wasm_i32x4_dot_i16x8(second, second));
  }
  static Sums add_u8(Sums sums, Reg a, Reg b) {
    return add_squares(sums, wasm_v128_or(wasm_u8x16_sub_sat(a, b), wasm_u8x16_sub_sat(b, a)));
  }
  static Sums add_u7(Sums sums, Reg a, Reg b) {
    return add_squares(sums, wasm_i8x16_abs(wasm_i8x16_sub(a, b)));
  }
  static Reg square(Reg x) {
    return wasm_i8x16_swizzle(
        wasm_u8x16_const(0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 144, 169, 196, 225), x);
  }
  static Sums add_u4(Sums sums, Reg a, Reg b) {
    const Reg x = square(wasm_i8x16_abs(wasm_i8x16_sub(low(a), low(b))));
    const Reg y = square(wasm_i8x16_abs(wasm_i8x16_sub(high(a), high(b))));
    const v128_t pairs =
        wasm_i16x8_add(wasm_u16x8_extadd_pairwise_u8x16(x), wasm_u16x8_extadd_pairwise_u8x16(y));
    return add32(sums, wasm_u32x4_extadd_pairwise_u16x8(pairs));
  }

  static Sums add_bits(Sums sums, const Reg (&planes)[4], Reg code) {
    Reg weighted = wasm_i8x16_popcnt(wasm_v128_and(planes[3], code));
    for (int plane = 2; plane >= 0; --plane) {
      weighted = wasm_i8x16_add(wasm_i8x16_add(weighted, weighted),
                                wasm_i8x16_popcnt(wasm_v128_and(planes[plane], code)));
    }
    return add32(sums,
                 wasm_u32x4_extadd_pairwise_u16x8(wasm_u16x8_extadd_pairwise_u8x16(weighted)));
  }

  static uint32_t total(Sums x) {
    const v128_t two = add32(x, wasm_i32x4_shuffle(x, x, 2, 3, 2, 3));
    return static_cast<uint32_t>(wasm_i32x4_extract_lane(two, 0)) +
           static_cast<uint32_t>(wasm_i32x4_extract_lane(two, 1));
  }
  static void totals(Sums a, Sums b, Sums c, Sums d, uint32_t* out) {
    const v128_t ab =
        add32(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
    const v128_t cd =
        add32(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
    wasm_v128_store(
        out, add32(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5), wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7)));
  }
};

}  // namespace
}  // namespace quiver::kernel
