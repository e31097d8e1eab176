#pragma once

#include <stdint.h>
#include <wasm_simd128.h>

namespace quiver::kernel {
namespace {

/// 128-bit WebAssembly registers. No relaxed operation: those may differ from machine to machine.
struct LanesWasm128 {
  using Reg = v128_t;
  static constexpr uint32_t kWidth = 4;
  static constexpr bool kPrefetches = true;

  static Reg zero() { return wasm_f32x4_const(0, 0, 0, 0); }
  static Reg load(const float* p) { return wasm_v128_load(p); }
  static Reg load_partial(const float* p, uint32_t n) {
    if (n == 1) return wasm_v128_load32_zero(p);
    const Reg two = wasm_v128_load64_zero(p);
    return n == 2 ? two : wasm_v128_load32_lane(p + 2, two, 2);
  }
  static Reg add(Reg x, Reg y) { return wasm_f32x4_add(x, y); }
  static Reg sub(Reg x, Reg y) { return wasm_f32x4_sub(x, y); }
  static Reg mul(Reg x, Reg y) { return wasm_f32x4_mul(x, y); }

  static float reduce(Reg x) {
    const Reg two = wasm_f32x4_add(x, wasm_i32x4_shuffle(x, x, 2, 3, 2, 3));
    return wasm_f32x4_extract_lane(two, 0) + wasm_f32x4_extract_lane(two, 1);
  }
  static float square_root(float x) { return __builtin_sqrtf(x); }
  /// As BytesWasm128::prefetch.
  static void prefetch(const char* p) { static_cast<void>(*static_cast<const volatile char*>(p)); }
};

}  // namespace
}  // namespace quiver::kernel
