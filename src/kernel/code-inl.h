#pragma once

#include "kernel/table.h"

// The definition of the distances between codes. Everything lives in an unnamed namespace, so that
// no two instruction sets share a function.
namespace quiver::kernel {
namespace {

inline uint32_t code_l2_u8(const uint8_t* a, const uint8_t* b, size_t bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes; ++i) {
    const int32_t difference = int32_t{a[i]} - int32_t{b[i]};
    sum += static_cast<uint32_t>(difference * difference);
  }
  return sum;
}

inline uint32_t code_l2_u4(const uint8_t* a, const uint8_t* b, size_t bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes; ++i) {
    const int32_t low = (a[i] & 15) - (b[i] & 15);
    const int32_t high = (a[i] >> 4) - (b[i] >> 4);
    sum += static_cast<uint32_t>(low * low + high * high);
  }
  return sum;
}

template <CodeDistance Pair>
void code_batch(const uint8_t* query, const uint8_t* codes, size_t bytes, const uint32_t* ids,
                size_t count, uint32_t* out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = Pair(query, codes + (ids == nullptr ? i : ids[i]) * bytes, bytes);
  }
}

template <CodeDistance Pair>
inline constexpr CodeKernel kCodeKernel{Pair, code_batch<Pair>};

}  // namespace
}  // namespace quiver::kernel
