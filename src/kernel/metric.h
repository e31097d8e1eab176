#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quiver {

/// How two vectors are compared. The numbers are stored in files: never renumber.
enum class Metric : uint32_t { kCosine = 0, kL2 = 1, kInnerProduct = 2 };

struct MetricName {
  Metric metric;
  std::string_view name;
};

inline constexpr std::array kMetricNames{
    MetricName{Metric::kCosine, "cosine"},
    MetricName{Metric::kL2, "l2"},
    MetricName{Metric::kInnerProduct, "ip"},
};

constexpr std::string_view metric_name(Metric metric) {
  return kMetricNames[static_cast<size_t>(metric)].name;
}

constexpr std::optional<Metric> metric_from_name(std::string_view name) {
  for (const auto& row : kMetricNames) {
    if (row.name == name) return row.metric;
  }
  return std::nullopt;
}

/// Kernels return a distance, smaller is closer; a score is its negation, larger is better:
/// cosine similarity, inner product, or negated squared L2 distance.
constexpr float score_of(float distance) { return distance == 0.0F ? 0.0F : -distance; }

}  // namespace quiver
