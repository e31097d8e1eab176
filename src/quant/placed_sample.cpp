#include "quant/placed_sample.h"

#include <algorithm>
#include <cmath>

namespace quiver::quant {

PlacedSample::PlacedSample(const L2Space& space, const TrainingRows& rows, uint32_t most)
    : dim_(space.dim()) {
  const uint32_t count = std::min(rows.rows(), most);
  places_.resize(size_t{count} * dim_);
  for (uint32_t i = 0; i < count; ++i) {
    const auto row = static_cast<uint32_t>(uint64_t{i} * rows.rows() / count);
    space.place_row(rows.vector(row), rows.inv_norm(row), &places_[size_t{i} * dim_]);
  }
}

std::vector<float> PlacedSample::usual_centre() {
  drop_far_rows(medians());
  std::vector<double> sums(dim_, 0);
  for (size_t i = 0; i < rows(); ++i) {
    for (uint32_t d = 0; d < dim_; ++d) sums[d] += double{row(i)[d]};
  }
  std::vector<float> centre(dim_);
  for (uint32_t d = 0; d < dim_; ++d) {
    const auto mean = static_cast<float>(sums[d] / static_cast<double>(rows()));
    centre[d] = std::isfinite(mean) ? mean : 0;
  }
  return centre;
}

std::vector<float> PlacedSample::medians() const {
  constexpr size_t kMedianRows = 255;
  const size_t count = std::min(rows(), kMedianRows);
  std::vector<float> medians(dim_);
  std::vector<float> column(count);
  for (uint32_t d = 0; d < dim_; ++d) {
    for (size_t i = 0; i < count; ++i) column[i] = row(i * rows() / count)[d];
    const auto middle = column.begin() + static_cast<ptrdiff_t>(count / 2);
    std::nth_element(column.begin(), middle, column.end());
    medians[d] = *middle;
  }
  return medians;
}

/// Twice as far as nine tenths of all are is far.
void PlacedSample::drop_far_rows(const std::vector<float>& medians) {
  std::vector<double> squared(rows(), 0);
  for (size_t i = 0; i < rows(); ++i) {
    for (uint32_t d = 0; d < dim_; ++d) {
      const double apart = double{row(i)[d]} - double{medians[d]};
      squared[i] += apart * apart;
    }
  }
  std::vector<double> sorted = squared;
  const auto most = sorted.begin() + static_cast<ptrdiff_t>((sorted.size() - 1) * 9 / 10);
  std::nth_element(sorted.begin(), most, sorted.end());
  if (*most == 0) return;
  size_t kept = 0;
  for (size_t i = 0; i < squared.size(); ++i) {
    if (squared[i] > 4 * *most) continue;
    std::copy_n(&places_[i * dim_], dim_, &places_[kept++ * dim_]);
  }
  places_.resize(kept * dim_);
}

}  // namespace quiver::quant
