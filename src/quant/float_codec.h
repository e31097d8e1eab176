#pragma once

#include <memory>

#include "quant/codec.h"
#include "quant/l2_space.h"
#include "quant/rows.h"

namespace quiver::quant {

/// No quantisation in the form of a codec: the coordinates as float32, and L2 distances as their
/// bits, which for floats that are not negative order as whole numbers do. For building graphs of
/// rows that no short code tells apart; it is not stored.
class FloatCodec final : public Codec {
 public:
  explicit FloatCodec(L2Space space) : space_(space) {}

  [[nodiscard]] CodeKind kind() const override { return CodeKind::kNone; }
  [[nodiscard]] size_t bytes() const override;
  [[nodiscard]] const kernel::CodeKernel& kernel() const override;
  [[nodiscard]] bool is_exact() const override { return true; }
  [[nodiscard]] bool has_float_distances() const override { return true; }
  void encode_row(const float* vector, float inv_norm, uint8_t* code) const override;
  bool encode_query(const float* query, uint8_t* code) const override;
  [[nodiscard]] Buffer parameters() const override { return {}; }

 private:
  L2Space space_;
};

}  // namespace quiver::quant
