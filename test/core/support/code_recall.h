#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "quant/coded_rows.h"
#include "support/vectors.h"

namespace quiver::quant {

template <typename T>
std::vector<uint32_t> order_of(const std::vector<T>& distances, size_t count) {
  std::vector<uint32_t> order(distances.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return distances[a] < distances[b]; });
  order.resize(std::min(count, order.size()));
  return order;
}

inline std::vector<uint32_t> distances_by_code(const Codec& codec, const Vectors& rows,
                                               Metric metric, uint32_t dim, const float* query) {
  const CodedRows coded =
      encode_all(std::shared_ptr<const Codec>(&codec, [](const Codec*) {}), rows);
  std::vector<float> unit(query, query + dim);
  if (metric == Metric::kCosine) {
    const float scale = kernel::inverse_norm(query, dim);
    for (float& x : unit) x *= scale;
  }
  CodeMemory code(codec.query_bytes());
  codec.encode_query(unit.data(), code.data());
  std::vector<uint32_t> out(rows.rows());
  codec.kernel().batch(code.data(), coded.codes(), codec.bytes(), nullptr, rows.rows(), out.data());
  return out;
}

/// The codec's parameters make the same codec again, and no others do: cut off, with more behind
/// them, or as those of other dimensions or of the kind `other`.
inline void expect_comes_back(const Codec& codec, CodeKind other, const Vectors& rows,
                              Metric metric, uint32_t dim) {
  const Buffer good = codec.parameters();
  const auto read = read_codec(codec.kind(), metric, dim, good);
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)->kind(), codec.kind());
  EXPECT_EQ((*read)->bytes(), codec.bytes());
  EXPECT_EQ((*read)->parameters(), good);
  EXPECT_EQ(distances_by_code(codec, rows, metric, dim, rows.vector(9)),
            distances_by_code(**read, rows, metric, dim, rows.vector(9)));
  for (const size_t size :
       {size_t{0}, size_t{3}, size_t{4}, size_t{15}, size_t{16}, good.size() - 1}) {
    EXPECT_FALSE(read_codec(codec.kind(), metric, dim, Bytes(good).first(size)));
  }
  Buffer longer = good;
  longer.push_back(0);
  EXPECT_FALSE(read_codec(codec.kind(), metric, dim, longer));
  EXPECT_FALSE(read_codec(codec.kind(), metric, dim + 1, good));
  EXPECT_FALSE(read_codec(other, metric, dim, good));
}

/// What share of the 10 nearest rows is among the first `candidates` by code.
inline double recall(const Codec& codec, Metric metric, const Vectors& rows, const Vectors& queries,
                     uint32_t dim, size_t candidates) {
  size_t found = 0;
  const kernel::PairDistance measure = kernel::pair_distance(kernel::active(), metric);
  for (uint32_t q = 0; q < queries.rows(); ++q) {
    std::vector<float> distances;
    for (uint32_t row = 0; row < rows.rows(); ++row) {
      distances.push_back(measure(queries.vector(q), rows.vector(row), dim));
    }
    const auto kept =
        order_of(distances_by_code(codec, rows, metric, dim, queries.vector(q)), candidates);
    for (const uint32_t row : order_of(distances, 10)) {
      found += std::count(kept.begin(), kept.end(), row);
    }
  }
  return static_cast<double>(found) / (10.0 * queries.rows());
}

}  // namespace quiver::quant
