#pragma once

#include <cstdint>

#include "kernel/metric.h"
#include "quant/rows.h"

namespace quiver::quant {

/// Where the squared L2 distance ranks rows as the metric does, so that there is one distance
/// between codes. Cosine: unit vectors. Inner product: one more coordinate, √(R² - ‖x‖²) for a row
/// and 0 for a query, which is scaled to the norm R, that of the longest row
/// (‖q' - x'‖² = 2R² - 2·s·q·x). Source: Xbox recommendations, Bachrach et al. 2014, §3.
class L2Space {
 public:
  L2Space() = default;
  L2Space(Metric metric, uint32_t dim, float radius)
      : metric_(metric), dim_(dim), radius_(radius) {}

  /// The space of those rows; looks at each of them under the inner product.
  static L2Space of(Metric metric, uint32_t dim, const TrainingRows& rows);

  /// How many floats a place has: dim, or one more.
  [[nodiscard]] uint32_t dim() const { return dim_ + (metric_ == Metric::kInnerProduct ? 1 : 0); }
  [[nodiscard]] float radius() const { return radius_; }

  void place_row(const float* vector, float inv_norm, float* out) const;
  /// `query` as in index::SearchRequest: a unit vector (or zero) under cosine.
  void place_query(const float* query, float* out) const;

 private:
  Metric metric_ = Metric::kL2;
  uint32_t dim_ = 0;
  float radius_ = 0;  // inner product: no row is longer
};

}  // namespace quiver::quant
