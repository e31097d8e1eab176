#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace quiver::quant {

inline constexpr uint32_t kCentroids = 256;

// The centroids of points of `width` numbers lie number by number: the first ones of all, the
// second ones of all, … The order of all operations is fixed, so that every machine finds the same.

/// From a point to each centroid; `out` receives kCentroids squared distances.
void distances_to_centroids(const float* point, std::span<const float> centroids, float* out);

/// The least and the most of kCentroids distances.
std::pair<float, float> range_of(const float* distances);

/// The nearest centroid to within a 30,000th of its distance: the first of these.
uint8_t nearest_centroid(const float* point, std::span<const float> centroids);

/// Some of `count` points, which lie `stride` apart, as centroids to begin with.
std::vector<float> first_centroids(const float* points, uint32_t count, uint32_t stride,
                                   uint32_t width);

/// Moves each centroid to the mean of the points that are nearest to it; one that has none stays.
void improve_centroids(const float* points, uint32_t count, uint32_t stride,
                       std::span<float> centroids);

}  // namespace quiver::quant
