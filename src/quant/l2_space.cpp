#include "quant/l2_space.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quiver::quant {
namespace {

/// In double: the squares of floats do not overflow it.
double squared_norm(const float* vector, uint32_t dim) {
  double sum = 0;
  for (uint32_t i = 0; i < dim; ++i) sum += double{vector[i]} * double{vector[i]};
  return sum;
}

}  // namespace

L2Space L2Space::of(Metric metric, uint32_t dim, const TrainingRows& rows) {
  L2SpaceTraining training(metric, dim, rows);
  while (!training.step()) continue;
  return training.get();
}

bool L2SpaceTraining::step() {
  if (metric_ == Metric::kL2) return true;
  constexpr uint32_t kNumbersAStep = uint32_t{1} << 17;
  const uint32_t at_once = std::max(kNumbersAStep / dim_, 1U);
  const uint32_t end = next_ + std::min(at_once, rows_.rows() - next_);
  for (; next_ < end; ++next_) {
    if (metric_ == Metric::kCosine) {
      has_zero_vector_ = has_zero_vector_ || rows_.inv_norm(next_) == 0;
    } else {
      norms_.push_back(static_cast<float>(std::sqrt(squared_norm(rows_.vector(next_), dim_))));
    }
  }
  return next_ == rows_.rows();
}

L2Space L2SpaceTraining::get() const {
  switch (metric_) {
    case Metric::kCosine:
      return {metric_, dim_, has_zero_vector_ ? 1.0F : 0.0F};
    case Metric::kInnerProduct:
      return {metric_, dim_, usual_radius()};
    case Metric::kL2:
      break;
  }
  return {metric_, dim_, 0};
}

/// The norm of the longest row but for a few that are far longer than usual: a step that suits
/// those would round all others to the same.
float L2SpaceTraining::usual_radius() const {
  constexpr double kFarLonger = 2;
  std::vector<float> norms = norms_;
  const float longest = *std::max_element(norms.begin(), norms.end());
  const auto most = norms.begin() + static_cast<ptrdiff_t>(norms.size() * 99 / 100);
  std::nth_element(norms.begin(), most, norms.end());
  const double usual = *most == 0 ? double{longest} : kFarLonger * double{*most};
  // The norm of the largest vectors is no float.
  return static_cast<float>(
      std::min({double{longest}, usual, double{std::numeric_limits<float>::max()}}));
}

void L2Space::place_row(const float* vector, float inv_norm, float* out) const {
  const float scale = metric_ == Metric::kCosine ? inv_norm : 1.0F;
  for (uint32_t i = 0; i < dim_; ++i) out[i] = vector[i] * scale;
  if (!(radius_ > 0)) return;
  if (metric_ == Metric::kCosine) {
    out[dim_] = inv_norm == 0 ? radius_ : 0.0F;
    return;
  }
  const double rest = double{radius_} * double{radius_} - squared_norm(vector, dim_);
  out[dim_] = static_cast<float>(std::sqrt(std::max(rest, 0.0)));
}

void L2Space::place_query(const float* query, float* out) const {
  double scale = 1;
  if (metric_ == Metric::kInnerProduct) {
    const double norm = std::sqrt(squared_norm(query, dim_));
    scale = norm > 0 ? double{radius_} / norm : 0.0;
  }
  for (uint32_t i = 0; i < dim_; ++i) out[i] = static_cast<float>(double{query[i]} * scale);
  if (radius_ > 0) out[dim_] = 0;
}

}  // namespace quiver::quant
