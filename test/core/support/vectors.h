#pragma once

#include <random>
#include <utility>
#include <vector>

#include "kernel/dispatch.h"
#include "quant/rows.h"

namespace quiver::quant {

/// Rows in memory, for codecs.
class Vectors final : public TrainingRows {
 public:
  Vectors(Metric metric, uint32_t dim, std::vector<float> numbers)
      : metric_(metric), dim_(dim), numbers_(std::move(numbers)) {}

  /// Clusters around centres that are `offset` from the origin; coordinates fade, as those of
  /// embeddings do.
  static Vectors clustered(Metric metric, uint32_t rows, uint32_t dim, float offset = 0,
                           uint32_t seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> centres(size_t{20} * dim);
    for (float& x : centres) x = normal(random);
    std::vector<float> numbers;
    for (uint32_t row = 0; row < rows; ++row) {
      const size_t centre = random() % 20 * dim;
      for (uint32_t i = 0; i < dim; ++i) {
        const float fade = 1.0F / (1.0F + static_cast<float>(i) / 16.0F);
        numbers.push_back(offset + fade * (centres[centre + i] + 0.5F * normal(random)));
      }
    }
    return {metric, dim, std::move(numbers)};
  }

  [[nodiscard]] uint32_t rows() const override {
    return static_cast<uint32_t>(numbers_.size() / dim_);
  }
  [[nodiscard]] const float* vector(uint32_t row) const override {
    return &numbers_[size_t{row} * dim_];
  }
  [[nodiscard]] float inv_norm(uint32_t row) const override {
    return metric_ == Metric::kCosine ? kernel::inverse_norm(vector(row), dim_) : 1.0F;
  }

  std::vector<float>& numbers() { return numbers_; }

 private:
  Metric metric_;
  uint32_t dim_;
  std::vector<float> numbers_;
};

}  // namespace quiver::quant
