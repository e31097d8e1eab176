#pragma once

#include <memory>

#include "quant/codec.h"
#include "quant/l2_space.h"
#include "quant/rows.h"
#include "quant/turned_space.h"

namespace quiver::quant {

/// Each coordinate rounded to one of 2^bits steps of one size, after the centre of the rows was
/// taken away and the rest was rotated. 7 bits in a byte and not 8, because then a difference times
/// itself fits the signed multiplications that processors have. Source of the rotation:
/// RaBitQ, Gao & Long 2024, §3; the step is the one with the least squared error on a sample.
class ScalarCodec final : public Codec {
 public:
  /// `kind`: kSq8 or kSq4. `rows` must not be empty; a sample of them is looked at.
  static std::unique_ptr<ScalarCodec> train(CodeKind kind, const L2Space& space,
                                            const TrainingRows& rows);
  static Expected<std::unique_ptr<ScalarCodec>> read(CodeKind kind, Metric metric, uint32_t dim,
                                                     Bytes parameters);

  [[nodiscard]] CodeKind kind() const override { return kind_; }
  [[nodiscard]] size_t bytes() const override { return bytes_; }
  [[nodiscard]] const kernel::CodeKernel& kernel() const override;
  void encode_row(const float* vector, float inv_norm, uint8_t* code) const override;
  bool encode_query(const float* query, uint8_t* code) const override;
  [[nodiscard]] Buffer parameters() const override;

 private:
  ScalarCodec(CodeKind kind, const L2Space& space, uint64_t seed);
  void round(const float* turned, uint8_t* code) const;

  CodeKind kind_;
  uint32_t levels_;
  size_t bytes_;
  TurnedSpace space_;
  float steps_per_unit_ = 0;
};

}  // namespace quiver::quant
