#pragma once

#include <memory>

#include "quant/codec.h"
#include "quant/rows.h"

namespace quiver::quant {

/// Vectors under L2 whose coordinates are whole numbers within a range of 256, as those of images
/// often are: a byte holds each exactly, and so the codes rank exactly.
class ByteCodec final : public Codec {
 public:
  /// Nothing if the rows are not of that kind; looks at all of them until one is not.
  static std::unique_ptr<ByteCodec> train(Metric metric, uint32_t dim, const TrainingRows& rows);
  static Expected<std::unique_ptr<ByteCodec>> read(Metric metric, uint32_t dim, Bytes parameters);

  [[nodiscard]] CodeKind kind() const override { return CodeKind::kSq8; }
  [[nodiscard]] size_t bytes() const override;
  [[nodiscard]] const kernel::CodeKernel& kernel() const override;
  [[nodiscard]] bool is_exact() const override { return true; }
  void encode_row(const float* vector, float inv_norm, uint8_t* code) const override;
  bool encode_query(const float* query, uint8_t* code) const override;
  [[nodiscard]] Buffer parameters() const override;

 private:
  friend class ByteTraining;
  ByteCodec(uint32_t dim, float lowest) : dim_(dim), lowest_(lowest) {}

  uint32_t dim_;
  float lowest_;  // stands for 0
};

/// ByteCodec::train() in steps.
class ByteTraining {
 public:
  /// The rows are borrowed.
  ByteTraining(Metric metric, uint32_t dim, const TrainingRows& rows)
      : dim_(dim), rows_(rows), are_bytes_(metric == Metric::kL2 && rows.rows() != 0) {}

  /// Looks at some more rows; whether those were the last that have to be looked at.
  bool step();
  /// After the last step.
  [[nodiscard]] std::unique_ptr<ByteCodec> take() const;

 private:
  void look_at(const float* vector);

  uint32_t dim_;
  const TrainingRows& rows_;
  bool are_bytes_;  // as far as was looked
  uint32_t next_ = 0;
  float lowest_ = 0;
  float highest_ = 0;
};

}  // namespace quiver::quant
