#include "kernel/isa/exact_float.h"
//
#include <bit>

#include "kernel/batch-inl.h"
#include "kernel/estimate-inl.h"
#include "kernel/isa/lanes_scalar.h"
#include "kernel/isa/tables.h"
#include "kernel/norm.h"

// The definition of every kernel, in plain C++. The other instruction sets give these bits. Sums of
// whole numbers have no order; floats are summed so:
//   - 32 sums; sum i takes elements i, i + 32, i + 64, … in that order. A last block of r < 32
//     elements goes to sums 0 … r-1.
//   - Each product and each addition is rounded to float32 on its own: no fused multiply-add.
//   - The sums are added as a tree: sum i + sum i+16 for i < 16, then i + i+8, i+4, i+2, i+1.
// What follows such a sum (estimate-inl.h) is the same code everywhere.
// 32 is two registers of AVX-512, four of AVX2 and eight of the 128-bit sets: enough independent
// additions in flight to hide the latency of one.

namespace quiver::kernel {
namespace {

constexpr uint32_t kSums = 32;

float tree(float* sums) {
  for (uint32_t half = kSums / 2; half != 0; half /= 2) {
    for (uint32_t i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
}

float scalar_l2(const float* a, const float* b, uint32_t dim) {
  float sums[kSums] = {};
  uint32_t at = 0;
  for (; dim - at >= kSums; at += kSums) {
    for (uint32_t i = 0; i < kSums; ++i) {
      const float difference = a[at + i] - b[at + i];
      sums[i] += difference * difference;
    }
  }
  for (uint32_t i = 0; at + i < dim; ++i) {
    const float difference = a[at + i] - b[at + i];
    sums[i] += difference * difference;
  }
  return tree(sums);
}

float scalar_dot(const float* a, const float* b, uint32_t dim) {
  float sums[kSums] = {};
  uint32_t at = 0;
  for (; dim - at >= kSums; at += kSums) {
    for (uint32_t i = 0; i < kSums; ++i) sums[i] += a[at + i] * b[at + i];
  }
  for (uint32_t i = 0; at + i < dim; ++i) sums[i] += a[at + i] * b[at + i];
  return tree(sums);
}

float scalar_inner_product(const float* a, const float* b, uint32_t dim) {
  return -scalar_dot(a, b, dim);
}

float scalar_cosine(const float* a, const float* b, uint32_t dim) {
  const float aa = scalar_dot(a, a, dim);
  const float bb = scalar_dot(b, b, dim);
  if (!is_usable_squared_norm(aa) || !is_usable_squared_norm(bb)) return 0.0F;
  return -(scalar_dot(a, b, dim) / (LanesScalar::square_root(aa) * LanesScalar::square_root(bb)));
}

uint32_t scalar_l2_u8(const uint8_t* a, const uint8_t* b, size_t bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes; ++i) {
    const int32_t difference = int32_t{a[i]} - int32_t{b[i]};
    sum += static_cast<uint32_t>(difference * difference);
  }
  return sum;
}

uint32_t scalar_l2_u4(const uint8_t* a, const uint8_t* b, size_t bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes; ++i) {
    const int32_t low = (a[i] & 15) - (b[i] & 15);
    const int32_t high = (a[i] >> 4) - (b[i] >> 4);
    sum += static_cast<uint32_t>(low * low + high * high);
  }
  return sum;
}

uint32_t scalar_l2_signs(const uint8_t* query, const uint8_t* code, size_t bytes) {
  const uint8_t* levels = query + sizeof(SignsQuery);
  int32_t sum = 0;
  for (size_t at = 0; at < bytes; at += kSignsAtOnce, levels += kLevelsAtOnce) {
    for (size_t i = 0; i < kSignsAtOnce; ++i) {
      const auto bits = [&](size_t plane) {
        return std::popcount(static_cast<uint8_t>(levels[plane * kSignsAtOnce + i] & code[at + i]));
      };
      sum += bits(0) + 2 * bits(1) + 4 * bits(2) - 8 * bits(3);
    }
  }
  return estimate(query, code, bytes, static_cast<uint32_t>(sum));
}

template <CodeDistance Pair>
void scalar_code_batch(const uint8_t* query, const uint8_t* codes, size_t bytes,
                       const uint32_t* ids, size_t count, uint32_t* out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = Pair(query, codes + (ids == nullptr ? i : ids[i]) * bytes, bytes);
  }
}

}  // namespace

const KernelTable kScalarTable = {
    "scalar",
    scalar_l2,
    scalar_inner_product,
    scalar_cosine,
    l2_batch<LanesScalar, scalar_l2>,
    inner_product_batch<LanesScalar, scalar_inner_product>,
    {scalar_l2_u8, scalar_code_batch<scalar_l2_u8>},
    {scalar_l2_u8, scalar_code_batch<scalar_l2_u8>},
    {scalar_l2_u4, scalar_code_batch<scalar_l2_u4>},
    {scalar_l2_signs, scalar_code_batch<scalar_l2_signs>},
};

}  // namespace quiver::kernel
