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
  ByteCodec(uint32_t dim, float lowest) : dim_(dim), lowest_(lowest) {}

  uint32_t dim_;
  float lowest_;  // stands for 0
};

}  // namespace quiver::quant
