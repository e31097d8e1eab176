#include "quant/l2_space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace quiver::quant {
namespace {

/// In double: the squares of floats do not overflow it.
double squared_norm(const float* vector, uint32_t dim) {
  double sum = 0;
  for (uint32_t i = 0; i < dim; ++i) sum += double{vector[i]} * double{vector[i]};
  return sum;
}

bool has_zero_vector(const TrainingRows& rows) {
  for (uint32_t row = 0; row < rows.rows(); ++row) {
    if (rows.inv_norm(row) == 0) return true;
  }
  return false;
}

/// The norm of the longest row but for a few that are far longer than usual: a step that suits
/// those would round all others to the same.
float usual_radius(uint32_t dim, const TrainingRows& rows) {
  constexpr double kFarLonger = 2;
  std::vector<float> norms(rows.rows());
  for (uint32_t row = 0; row < rows.rows(); ++row) {
    norms[row] = static_cast<float>(std::sqrt(squared_norm(rows.vector(row), dim)));
  }
  const float longest = *std::max_element(norms.begin(), norms.end());
  const auto most = norms.begin() + static_cast<ptrdiff_t>(norms.size() * 99 / 100);
  std::nth_element(norms.begin(), most, norms.end());
  const double usual = *most == 0 ? double{longest} : kFarLonger * double{*most};
  // The norm of the largest vectors is no float.
  return static_cast<float>(
      std::min({double{longest}, usual, double{std::numeric_limits<float>::max()}}));
}

}  // namespace

L2Space L2Space::of(Metric metric, uint32_t dim, const TrainingRows& rows) {
  switch (metric) {
    case Metric::kCosine:
      return {metric, dim, has_zero_vector(rows) ? 1.0F : 0.0F};
    case Metric::kInnerProduct:
      return {metric, dim, usual_radius(dim, rows)};
    case Metric::kL2:
      break;
  }
  return {metric, dim, 0};
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
