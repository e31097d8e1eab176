#pragma once

#include "kernel/table.h"

// Bodies over a `Bytes` struct: one instruction set's register of bytes. It gives
//   Reg;  kWidth: bytes in a Reg, divides kCodeAlignment;  load(p)
//   Sums: a register of 32-bit sums;  zero()  add32(x, y)
//   add_u8, add_u7, add_u4 (sums, a, b): adds what two registers contribute to the distance of that
//     name, each part to whichever sum
//   add_signs(sums, levels, signs): adds Σ ±levels where kSignsAtOnce bytes have a bit (see
//   table.h) total(sums): the sum of the sums;  totals(a, b, c, d, out): four of those prefetch(p)
// Everything lives in an unnamed namespace, so that no two instruction sets share a function.
namespace quiver::kernel {
namespace {

/// How far ahead of the arithmetic codes are asked for, and how much of each: together half of a 32
/// KiB cache. Measured on codes in random order of 200 MB, in batches of 24 that wait for each
/// other (AVX-512 with VNNI, ns a code of 128, 384 and 768 bytes): none 24, 46, 74; 8 codes of 512
/// bytes 20, 36, 59; 16 codes of 512 bytes 18, 28, 60; 16 codes of 1024 bytes 18, 28, 49.
inline constexpr size_t kPrefetchCodes = 16;
inline constexpr size_t kPrefetchCodeBytes = 1024;

template <typename B>
struct L2U8 {
  using Reg = typename B::Reg;
  using Sums = typename B::Sums;
  static Sums add(Sums sums, Reg a, Reg b) { return B::add_u8(sums, a, b); }
};

template <typename B>
struct L2U7 {
  using Reg = typename B::Reg;
  using Sums = typename B::Sums;
  static Sums add(Sums sums, Reg a, Reg b) { return B::add_u7(sums, a, b); }
};

template <typename B>
struct L2U4 {
  using Reg = typename B::Reg;
  using Sums = typename B::Sums;
  static Sums add(Sums sums, Reg a, Reg b) { return B::add_u4(sums, a, b); }
};

/// Two sets of sums, since an addition to one waits for the addition before.
template <typename B, typename Term>
uint32_t code_pair(const uint8_t* query, const uint8_t* code, size_t bytes) {
  typename B::Sums even = B::zero();
  typename B::Sums odd = B::zero();
  size_t at = 0;
  for (; bytes - at >= 2 * kCodeAlignment; at += 2 * kCodeAlignment) {
    for (size_t i = at; i < at + 2 * kCodeAlignment; i += 2 * B::kWidth) {
      const size_t j = i + B::kWidth;
      even = Term::add(even, B::load(query + i), B::load(code + i));
      odd = Term::add(odd, B::load(query + j), B::load(code + j));
    }
  }
  if (at != bytes) {
    for (size_t i = at; i < at + kCodeAlignment; i += B::kWidth) {
      even = Term::add(even, B::load(query + i), B::load(code + i));
    }
  }
  return B::total(B::add32(even, odd));
}

/// Four codes share the loads of the query and the work of adding up.
template <typename B, typename Term>
inline void code_four(const uint8_t* query, const uint8_t* a, const uint8_t* b, const uint8_t* c,
                      const uint8_t* d, size_t bytes, uint32_t* out) {
  typename B::Sums sums_a = B::zero();
  typename B::Sums sums_b = B::zero();
  typename B::Sums sums_c = B::zero();
  typename B::Sums sums_d = B::zero();
  for (size_t at = 0; at < bytes; at += kCodeAlignment) {
    for (size_t i = at; i < at + kCodeAlignment; i += B::kWidth) {
      const auto part = B::load(query + i);
      sums_a = Term::add(sums_a, part, B::load(a + i));
      sums_b = Term::add(sums_b, part, B::load(b + i));
      sums_c = Term::add(sums_c, part, B::load(c + i));
      sums_d = Term::add(sums_d, part, B::load(d + i));
    }
  }
  B::totals(sums_a, sums_b, sums_c, sums_d, out);
}

/// Inlined by force, as B::prefetch is: GCC takes a function that only prefetches for one without
/// effect, and drops its calls.
template <typename B, bool kWholeLines>
[[gnu::always_inline]] inline void prefetch_codes(const uint8_t* codes, size_t bytes,
                                                  const uint32_t* ids, size_t first, size_t end) {
  const size_t length = bytes < kPrefetchCodeBytes ? bytes : kPrefetchCodeBytes;
  for (size_t i = first; i < end; ++i) {
    const uint8_t* code = codes + ids[i] * bytes;
    for (size_t at = 0; at < length; at += kCodeAlignment) B::prefetch(code + at);
    // Else the last byte may be in a line of its own.
    if constexpr (!kWholeLines) B::prefetch(code + length - 1);
  }
}

/// Four codes by one query: `out` receives four distances.
using CodeFour = void (*)(const uint8_t* query, const uint8_t* a, const uint8_t* b,
                          const uint8_t* c, const uint8_t* d, size_t bytes, uint32_t* out);

/// Only listed codes are prefetched: consecutive ones the processor foresees. `kWholeLines`: codes
/// are whole cache lines, of kCodeAlignment bytes.
template <typename B, CodeDistance Pair, CodeFour Four, bool kWholeLines>
void code_batch(const uint8_t* query, const uint8_t* codes, size_t bytes, const uint32_t* ids,
                size_t count, uint32_t* out) {
  const auto code = [=](size_t i) { return codes + (ids == nullptr ? i : ids[i]) * bytes; };
  size_t asked = count < kPrefetchCodes ? count : kPrefetchCodes;
  if (ids != nullptr) prefetch_codes<B, kWholeLines>(codes, bytes, ids, 0, asked);
  size_t i = 0;
  for (; count - i >= 4; i += 4) {
    if (ids != nullptr) {
      const size_t end = count - asked < 4 ? count : asked + 4;
      prefetch_codes<B, kWholeLines>(codes, bytes, ids, asked, end);
      asked = end;
    }
    Four(query, code(i), code(i + 1), code(i + 2), code(i + 3), bytes, out + i);
  }
  for (; i < count; ++i) out[i] = Pair(query, code(i), bytes);
}

template <typename B, typename Term>
constexpr CodeKernel make_code_kernel() {
  return {code_pair<B, Term>, code_batch<B, code_pair<B, Term>, code_four<B, Term>, true>};
}

}  // namespace
}  // namespace quiver::kernel
