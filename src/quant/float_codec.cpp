#include "quant/float_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "quant/code_form.h"

namespace quiver::quant {
namespace {

const float* as_floats(const uint8_t* code) { return reinterpret_cast<const float*>(code); }

/// What is no number, as the distances of damaged vectors are, is farthest.
uint32_t bits_of(float distance) {
  return std::bit_cast<uint32_t>(std::isnan(distance) ? std::numeric_limits<float>::infinity()
                                                      : distance);
}

uint32_t distance(const uint8_t* a, const uint8_t* b, size_t bytes) {
  return bits_of(kernel::active().l2(as_floats(a), as_floats(b),
                                     static_cast<uint32_t>(bytes / sizeof(float))));
}

void distances(const uint8_t* query, const uint8_t* codes, size_t bytes, const uint32_t* ids,
               size_t count, uint32_t* out) {
  constexpr size_t kAtOnce = 64;
  std::array<float, kAtOnce> some;
  for (size_t at = 0; at < count; at += kAtOnce) {
    const size_t n = std::min(kAtOnce, count - at);
    kernel::active().l2_batch(as_floats(query),
                              as_floats(ids == nullptr ? codes + at * bytes : codes), nullptr,
                              ids == nullptr ? nullptr : ids + at, n,
                              static_cast<uint32_t>(bytes / sizeof(float)), some.data());
    std::transform(some.begin(), some.begin() + static_cast<ptrdiff_t>(n), out + at, bits_of);
  }
}

constexpr kernel::CodeKernel kFloatKernel{distance, distances};

}  // namespace

size_t FloatCodec::bytes() const {
  return round_up(space_.dim() * sizeof(float), kernel::kCodeAlignment);
}

const kernel::CodeKernel& FloatCodec::kernel() const { return kFloatKernel; }

void FloatCodec::encode_row(const float* vector, float inv_norm, uint8_t* code) const {
  std::memset(code, 0, bytes());
  space_.place_row(vector, inv_norm, reinterpret_cast<float*>(code));
}

bool FloatCodec::encode_query(const float* query, uint8_t* code) const {
  std::memset(code, 0, bytes());
  space_.place_query(query, reinterpret_cast<float*>(code));
  return false;
}

}  // namespace quiver::quant
