#include "quant/rotation.h"

#include <bit>
#include <cmath>

#include "base/hash.h"

namespace quiver::quant {
namespace {

/// How often each dimension must be mixed until no direction stands out (measured on vectors with
/// one coordinate, the worst case).
constexpr uint32_t kWholeRounds = 3;
constexpr uint32_t kPartRounds = 4;

/// The Walsh–Hadamard transform, not scaled. `n` is a power of two, at least 4.
void transform(float* v, uint32_t n) {
  for (uint32_t i = 0; i < n; i += 4) {
    const float a = v[i] + v[i + 1];
    const float b = v[i] - v[i + 1];
    const float c = v[i + 2] + v[i + 3];
    const float d = v[i + 2] - v[i + 3];
    v[i] = a + c;
    v[i + 1] = b + d;
    v[i + 2] = a - c;
    v[i + 3] = b - d;
  }
  for (uint32_t half = 4; half < n; half *= 2) {
    for (uint32_t at = 0; at < n; at += 2 * half) {
      float* low = v + at;
      float* high = low + half;
      for (uint32_t i = 0; i < half; i += 4) {
        for (uint32_t j = i; j < i + 4; ++j) {  // one register
          const float sum = low[j] + high[j];
          high[j] = low[j] - high[j];
          low[j] = sum;
        }
      }
    }
  }
}

}  // namespace

Rotation::Rotation(uint32_t dim, uint64_t seed) : dim_(dim), block_(std::bit_floor(dim)) {
  const uint32_t rounds = block_ == dim ? kWholeRounds : kPartRounds;
  const float factor = 1.0F / std::sqrt(static_cast<float>(block_));
  signs_.resize(size_t{rounds} * block_);
  uint64_t bits = 0;
  for (size_t i = 0; i < signs_.size(); ++i) {
    if (i % 64 == 0) {
      bits = split_mix(seed);
      seed += kSplitMixStep;
    }
    signs_[i] = (bits >> (i % 64) & 1) != 0 ? factor : -factor;
  }
}

void Rotation::apply(float* vector) const {
  const size_t rounds = signs_.size() / block_;
  for (size_t round = 0; round < rounds; ++round) {
    float* part = vector + (round % 2 == 0 ? 0 : dim_ - block_);
    const float* signs = signs_.data() + round * block_;
    for (uint32_t i = 0; i < block_; ++i) part[i] *= signs[i];
    transform(part, block_);
  }
}

}  // namespace quiver::quant
