#pragma once

#include <cstdint>
#include <vector>

namespace quiver::quant {

/// A random rotation: it spreads what a vector holds evenly over all dimensions and keeps every
/// distance, so that one step size suits them all. Rounds of random signs and a Walsh–Hadamard
/// transform, O(dim · log dim); where dim is no power of two, each round transforms the largest one
/// that fits, in turn from the front and up to the end.
/// Source: Fast Johnson–Lindenstrauss, Ailon & Chazelle 2009; for any dim as in RaBitQ-Library.
///
/// The same numbers on every machine: the order of all operations is fixed.
class Rotation {
 public:
  Rotation() = default;
  Rotation(uint32_t dim, uint64_t seed);

  [[nodiscard]] uint32_t dim() const { return dim_; }

  /// In place, `dim` floats.
  void apply(float* vector) const;

 private:
  uint32_t dim_ = 0;
  uint32_t block_ = 0;        // the power of two that a round transforms
  std::vector<float> signs_;  // for each round `block_` factors: ±1/√block
};

}  // namespace quiver::quant
