#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/expected.h"
#include "index/code_block.h"
#include "kernel/metric.h"

namespace quiver::engine {

/// Rows as codes that a graph is built by.
struct BuildCodes {
  std::vector<uint8_t> memory;
  index::CodeBlock block;  ///< in `memory`
};

/// What they are made from.
struct BuildVectors {
  Metric metric = Metric::kCosine;
  uint32_t dim = 0;
  uint32_t rows = 0;
  std::function<const float*(uint32_t row)> vector;
  std::function<float(uint32_t row)> inv_norm;  ///< asked under cosine only; 0: zero vector
  std::function<Expected<void>()> check;        ///< asked now and then; an error ends it
};

/// Makes a byte of each number, by one scale for all. What is near by the metric is near by the
/// codes: under cosine vectors are normalised, and for inner products they get one more coordinate
/// that makes all of them equally long (Bachrach et al. 2014, §3). Reads each vector twice.
Expected<BuildCodes> build_codes(const BuildVectors& from);

}  // namespace quiver::engine
