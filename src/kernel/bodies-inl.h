// The kernels, written once over `Lanes`: the registers of one instruction set (isa/lanes_*.h).
// Included by each isa/*.cpp after its lanes; everything is in an anonymous namespace, so that no
// function compiled for one instruction set can be linked into code for another.
//
// Every instruction set adds in the same order, without fused multiply-add, and so gives the same
// bits:
//   1. 32 partial sums; sum i takes elements i, i + 32, i + 64, …
//   2. the sums are added in halves: 32 → 16 → 8 → 4 → 2 → 1, sum i with sum i + half.
// A missing element of the last block counts as zero.

#include "kernel/table.h"

namespace quiver::kernel {
namespace {

constexpr uint32_t kBlock = 32;
constexpr uint32_t kRegisters = kBlock / Lanes::kWidth;

struct Sums {
  Lanes::Register part[kRegisters];

  Sums() {
    for (auto& register_ : part) register_ = Lanes::zero();
  }

  float total() const {
    Lanes::Register folded[kRegisters];
    for (uint32_t i = 0; i < kRegisters; ++i) folded[i] = part[i];
    for (uint32_t half = kRegisters / 2; half > 0; half /= 2) {
      for (uint32_t i = 0; i < half; ++i) folded[i] = Lanes::add(folded[i], folded[i + half]);
    }
    return Lanes::fold(folded[0]);
  }
};

/// Calls `step(sums index, a register, b register)` for every register's worth of elements.
template <typename Step>
inline void for_each(const float* a, const float* b, uint32_t dim, Step step) {
  uint32_t i = 0;
  for (; i + kBlock <= dim; i += kBlock) {
    for (uint32_t r = 0; r < kRegisters; ++r) {
      step(r, Lanes::load(a + i + r * Lanes::kWidth), Lanes::load(b + i + r * Lanes::kWidth));
    }
  }
  for (uint32_t r = 0; i < dim; ++r, i += Lanes::kWidth) {
    const uint32_t left = dim - i;
    if (left >= Lanes::kWidth) {
      step(r, Lanes::load(a + i), Lanes::load(b + i));
    } else {
      step(r, Lanes::load_first(a + i, left), Lanes::load_first(b + i, left));
    }
  }
}

float l2(const float* a, const float* b, uint32_t dim) {
  Sums sums;
  for_each(a, b, dim, [&sums](uint32_t r, Lanes::Register x, Lanes::Register y) {
    const Lanes::Register difference = Lanes::subtract(x, y);
    sums.part[r] = Lanes::add(sums.part[r], Lanes::multiply(difference, difference));
  });
  return sums.total();
}

float dot(const float* a, const float* b, uint32_t dim) {
  Sums sums;
  for_each(a, b, dim, [&sums](uint32_t r, Lanes::Register x, Lanes::Register y) {
    sums.part[r] = Lanes::add(sums.part[r], Lanes::multiply(x, y));
  });
  return sums.total();
}

float inner_product(const float* a, const float* b, uint32_t dim) { return -dot(a, b, dim); }

float cosine(const float* a, const float* b, uint32_t dim) {
  const float norms = __builtin_sqrtf(dot(a, a, dim)) * __builtin_sqrtf(dot(b, b, dim));
  // Zero, or too small or too large for float32: nothing can be said of the angle.
  if (!(norms > 0.0F) || norms > 3.4028234e38F) return 0.0F;
  return -(dot(a, b, dim) / norms);
}

/// Asks for the lines of a row that will be measured soon. 512 bytes; the CPU follows a longer row
/// by itself.
inline void prefetch(const float* row, uint32_t dim) {
#ifdef __wasm__
  (void)row;
  (void)dim;
#else
  const char* bytes = reinterpret_cast<const char*>(row);
  const uint32_t size = dim * 4 < 512 ? dim * 4 : 512;
  for (uint32_t at = 0; at < size; at += 64) __builtin_prefetch(bytes + at);
#endif
}

constexpr size_t kAhead = 6;

template <PairDistance kMeasure, bool kScaled>
void batch(const float* query, const float* rows, const float* inv_norms, const uint32_t* ids,
           size_t count, uint32_t dim, float* out) {
  if (ids == nullptr) {
    for (size_t i = 0; i < count; ++i) out[i] = kMeasure(query, rows + i * dim, dim);
  } else {
    for (size_t i = 0; i < count && i < kAhead; ++i) prefetch(rows + size_t{ids[i]} * dim, dim);
    for (size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) prefetch(rows + size_t{ids[i + kAhead]} * dim, dim);
      out[i] = kMeasure(query, rows + size_t{ids[i]} * dim, dim);
    }
  }
  if constexpr (kScaled) {
    if (inv_norms == nullptr) return;
    for (size_t i = 0; i < count; ++i) out[i] *= inv_norms[ids == nullptr ? i : ids[i]];
  }
}

constexpr KernelTable make_table(const char* name) {
  return {name, l2, inner_product, cosine, batch<l2, false>, batch<inner_product, true>};
}

}  // namespace
}  // namespace quiver::kernel
