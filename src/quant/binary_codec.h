#pragma once

#include <memory>

#include "quant/codec.h"
#include "quant/l2_space.h"
#include "quant/rows.h"
#include "quant/turned_space.h"

namespace quiver::quant {

/// One bit a dimension: the signs of what is left of a row when the centre of all was taken away
/// and the rest was rotated; and two floats, by which a distance to a query is estimated without
/// bias. Queries keep 4 bits a dimension. Source: RaBitQ, Gao & Long 2024.
class BinaryCodec final : public Codec {
 public:
  /// `rows` must not be empty; a sample of them is looked at.
  static std::unique_ptr<BinaryCodec> train(const L2Space& space, const TrainingRows& rows);
  static Expected<std::unique_ptr<BinaryCodec>> read(Metric metric, uint32_t dim, Bytes parameters);

  [[nodiscard]] CodeKind kind() const override { return CodeKind::kBinary; }
  [[nodiscard]] size_t bytes() const override { return bytes_; }
  [[nodiscard]] size_t query_bytes() const override;
  [[nodiscard]] const kernel::CodeKernel& kernel() const override;
  [[nodiscard]] bool has_float_distances() const override { return true; }
  /// An estimate may be off by a good part of a distance: every row that was kept is measured.
  [[nodiscard]] uint32_t measures_one_in() const override { return 1; }
  void encode_row(const float* vector, float inv_norm, uint8_t* code) const override;
  bool encode_query(const float* query, uint8_t* code) const override;
  [[nodiscard]] Buffer parameters() const override;

 private:
  BinaryCodec(const L2Space& space, uint64_t seed);

  size_t bytes_;
  TurnedSpace space_;
};

}  // namespace quiver::quant
