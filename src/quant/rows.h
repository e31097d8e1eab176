#pragma once

#include <cstdint>

namespace quiver::quant {

/// The vectors that a codec is trained on, wherever they are.
class TrainingRows {
 public:
  virtual ~TrainingRows() = default;

  [[nodiscard]] virtual uint32_t rows() const = 0;
  [[nodiscard]] virtual const float* vector(uint32_t row) const = 0;
  /// 1/‖v‖ under cosine (0: zero vector), else 1.
  [[nodiscard]] virtual float inv_norm(uint32_t row) const = 0;
};

}  // namespace quiver::quant
