#pragma once

#include <cstdint>
#include <vector>

#include "kernel/metric.h"
#include "quant/rows.h"

namespace quiver::quant {

/// Where the squared L2 distance ranks rows as the metric does, so that there is one distance
/// between codes. A place may have one more coordinate than a vector, 0 for a query.
///
/// Cosine: unit vectors; among them a zero vector is as far from all queries as one at a right
/// angle by a further coordinate of 1. Inner product: the further coordinate is √(R² - ‖x‖²), and
/// a query is scaled to the norm R, that of the longest row (‖q' - x'‖² = 2R² - 2·s·q·x). Rows that
/// are far longer than others do not count for R, and rank behind where they belong. Source: Xbox
/// recommendations, Bachrach et al. 2014, §3.
class L2Space {
 public:
  L2Space() = default;
  /// `radius`: R; 1 under cosine where there are zero vectors; 0 for no further coordinate.
  L2Space(Metric metric, uint32_t dim, float radius)
      : metric_(metric), dim_(dim), radius_(radius) {}

  /// The space of those rows; looks at the norm of each but under L2.
  static L2Space of(Metric metric, uint32_t dim, const TrainingRows& rows);

  /// How many floats a place has: dim, or one more.
  [[nodiscard]] uint32_t dim() const { return dim_ + (radius_ > 0 ? 1 : 0); }
  [[nodiscard]] float radius() const { return radius_; }

  void place_row(const float* vector, float inv_norm, float* out) const;
  /// `query` as in index::SearchRequest: a unit vector (or zero) under cosine.
  void place_query(const float* query, float* out) const;

 private:
  Metric metric_ = Metric::kL2;
  uint32_t dim_ = 0;
  float radius_ = 0;
};

/// L2Space::of() in steps.
class L2SpaceTraining {
 public:
  /// The rows are borrowed.
  L2SpaceTraining(Metric metric, uint32_t dim, const TrainingRows& rows)
      : metric_(metric), dim_(dim), rows_(rows) {}

  /// Looks at some more rows; whether those were the last.
  bool step();
  /// After the last step.
  [[nodiscard]] L2Space get() const;

 private:
  [[nodiscard]] float usual_radius() const;

  Metric metric_;
  uint32_t dim_;
  const TrainingRows& rows_;
  uint32_t next_ = 0;
  bool has_zero_vector_ = false;
  std::vector<float> norms_;  // for an inner product
};

}  // namespace quiver::quant
