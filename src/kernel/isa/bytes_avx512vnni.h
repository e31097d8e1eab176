#pragma once

#include "kernel/isa/bytes_x86.h"
#include "kernel/isa/regs_avx512.h"

namespace quiver::kernel {
namespace {

/// With VNNI, which multiplies and adds to 32-bit sums at once.
struct BytesAvx512Vnni : BytesX86<RegsAvx512> {
  static Reg add_u8(Reg sums, Reg a, Reg b) {
    const Reg x = differences16(interleave_low8(a, b));
    const Reg y = differences16(interleave_high8(a, b));
    return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sums, x, x), y, y);
  }

  static Reg add_u7(Reg sums, Reg a, Reg b) {
    const Reg x = abs8(sub8(a, b));
    return _mm512_dpbusd_epi32(sums, x, x);
  }

  static Reg add_u4(Reg sums, Reg a, Reg b) {
    return add_u7(add_u7(sums, low(a), low(b)), high(a), high(b));
  }

  /// Not by VPOPCNTDQ: the first processors with VNNI lack it.
  static Reg add_signs(Reg sums, const uint8_t* levels, const uint8_t* signs) {
    return _mm512_dpbusd_epi32(sums, each8(1), sums_of_signs(levels, signs));
  }
};

}  // namespace
}  // namespace quiver::kernel
