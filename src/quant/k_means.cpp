#include "quant/k_means.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace quiver::quant {

void distances_to_centroids(const float* point, std::span<const float> centroids, float* out) {
  std::fill_n(out, kCentroids, 0.0F);
  for (; !centroids.empty(); centroids = centroids.subspan(kCentroids), ++point) {
    const float* numbers = centroids.data();
    const float x = *point;
    for (uint32_t c = 0; c < kCentroids; ++c) {
      const float apart = x - numbers[c];
      out[c] += apart * apart;
    }
  }
}

// As whole numbers, bits of floats that are not negative order as these do, and a processor finds
// the smallest of many at once.

std::pair<float, float> range_of(const float* distances) {
  int32_t least = INT32_MAX;
  int32_t most = 0;
  for (uint32_t c = 0; c < kCentroids; ++c) {
    const int32_t bits = std::bit_cast<int32_t>(distances[c]) & INT32_MAX;
    least = std::min(least, bits);
    most = std::max(most, bits);
  }
  return {std::bit_cast<float>(least), std::bit_cast<float>(most)};
}

/// With the centroid in place of the lowest bits.
uint8_t nearest_centroid(const float* point, std::span<const float> centroids) {
  std::array<float, kCentroids> distances;
  distances_to_centroids(point, centroids, distances.data());
  int32_t nearest = INT32_MAX;
  for (uint32_t c = 0; c < kCentroids; ++c) {
    const auto bits = std::bit_cast<uint32_t>(distances[c]);
    nearest = std::min(nearest, static_cast<int32_t>((bits & 0x7FFF'FF00) | c));
  }
  return static_cast<uint8_t>(nearest);
}

std::vector<float> first_centroids(const float* points, uint32_t count, uint32_t stride,
                                   uint32_t width) {
  std::vector<float> centroids(size_t{width} * kCentroids);
  for (uint32_t c = 0; c < kCentroids; ++c) {
    const float* point = points + uint64_t{c} * count / kCentroids * stride;
    for (uint32_t i = 0; i < width; ++i) centroids[size_t{i} * kCentroids + c] = point[i];
  }
  return centroids;
}

void improve_centroids(const float* points, uint32_t count, uint32_t stride,
                       std::span<float> centroids) {
  const size_t width = centroids.size() / kCentroids;
  std::vector<double> sums(centroids.size(), 0);
  std::array<uint32_t, kCentroids> counts{};
  for (uint32_t p = 0; p < count; ++p) {
    const float* point = points + size_t{p} * stride;
    const uint8_t c = nearest_centroid(point, centroids);
    ++counts[c];
    for (size_t i = 0; i < width; ++i) sums[i * kCentroids + c] += double{point[i]};
  }
  for (size_t i = 0; i < centroids.size(); ++i) {
    const uint32_t of_centroid = counts[i % kCentroids];
    const auto mean = static_cast<float>(sums[i] / std::max(of_centroid, 1U));
    if (of_centroid != 0 && std::isfinite(mean)) centroids[i] = mean;
  }
}

}  // namespace quiver::quant
