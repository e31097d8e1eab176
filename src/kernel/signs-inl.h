#pragma once

#include "kernel/code-inl.h"
#include "kernel/estimate-inl.h"

// Bodies over the `Bytes` struct of code-inl.h.
namespace quiver::kernel {
namespace {

template <typename B>
uint32_t signs_pair(const uint8_t* query, const uint8_t* code, size_t bytes) {
  typename B::Sums sums = B::zero();
  const uint8_t* levels = query + sizeof(SignsQuery);
  for (size_t at = 0; at < bytes; at += kSignsAtOnce, levels += kLevelsAtOnce) {
    sums = B::add_signs(sums, levels, code + at);
  }
  return estimate(query, code, bytes, B::total(sums));
}

template <typename B>
inline void signs_four(const uint8_t* query, const uint8_t* a, const uint8_t* b, const uint8_t* c,
                       const uint8_t* d, size_t bytes, uint32_t* out) {
  typename B::Sums sums_a = B::zero();
  typename B::Sums sums_b = B::zero();
  typename B::Sums sums_c = B::zero();
  typename B::Sums sums_d = B::zero();
  const uint8_t* levels = query + sizeof(SignsQuery);
  for (size_t at = 0; at < bytes; at += kSignsAtOnce, levels += kLevelsAtOnce) {
    sums_a = B::add_signs(sums_a, levels, a + at);
    sums_b = B::add_signs(sums_b, levels, b + at);
    sums_c = B::add_signs(sums_c, levels, c + at);
    sums_d = B::add_signs(sums_d, levels, d + at);
  }
  uint32_t totals[4];
  B::totals(sums_a, sums_b, sums_c, sums_d, totals);
  out[0] = estimate(query, a, bytes, totals[0]);
  out[1] = estimate(query, b, bytes, totals[1]);
  out[2] = estimate(query, c, bytes, totals[2]);
  out[3] = estimate(query, d, bytes, totals[3]);
}

template <typename B>
constexpr CodeKernel make_signs_kernel() {
  return {signs_pair<B>, code_batch<B, signs_pair<B>, signs_four<B>, false>};
}

}  // namespace
}  // namespace quiver::kernel
