#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quant/l2_space.h"
#include "quant/rows.h"

namespace quiver::quant {

/// Where some of the rows are. One row that is far from all others, as a bug upstream makes it,
/// must not make the steps so wide that the others cannot be told apart.
class PlacedSample {
 public:
  /// At most `most` of the rows, evenly spread over all.
  PlacedSample(const L2Space& space, const TrainingRows& rows, uint32_t most = 2048);

  [[nodiscard]] size_t rows() const { return places_.size() / dim_; }
  [[nodiscard]] std::span<const float> row(size_t i) const {
    return std::span(places_).subspan(i * dim_, dim_);
  }

  /// The mean of the rows that are not far from the median; the others are dropped.
  std::vector<float> usual_centre();

 private:
  [[nodiscard]] std::vector<float> medians() const;
  void drop_far_rows(const std::vector<float>& medians);

  uint32_t dim_;
  std::vector<float> places_;
};

}  // namespace quiver::quant
