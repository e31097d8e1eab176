#include "quant/l2_space.h"

#include <algorithm>
#include <cmath>

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
  double longest = 0;
  for (uint32_t row = 0; metric == Metric::kInnerProduct && row < rows.rows(); ++row) {
    longest = std::max(longest, squared_norm(rows.vector(row), dim));
  }
  return {metric, dim, static_cast<float>(std::sqrt(longest))};
}

void L2Space::place_row(const float* vector, float inv_norm, float* out) const {
  const float scale = metric_ == Metric::kCosine ? inv_norm : 1.0F;
  for (uint32_t i = 0; i < dim_; ++i) out[i] = vector[i] * scale;
  if (metric_ != Metric::kInnerProduct) return;
  const double rest = double{radius_} * double{radius_} - squared_norm(vector, dim_);
  out[dim_] = static_cast<float>(std::sqrt(std::max(rest, 0.0)));
}

void L2Space::place_query(const float* query, float* out) const {
  if (metric_ != Metric::kInnerProduct) {
    std::copy(query, query + dim_, out);
    return;
  }
  const double norm = std::sqrt(squared_norm(query, dim_));
  const auto scale = static_cast<float>(norm > 0 ? double{radius_} / norm : 0.0);
  for (uint32_t i = 0; i < dim_; ++i) out[i] = query[i] * scale;
  out[dim_] = 0;
}

}  // namespace quiver::quant
