#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "quant/codec.h"
#include "quant/l2_space.h"
#include "quant/placed_sample.h"
#include "quant/rows.h"
#include "quant/turned_space.h"

namespace quiver::quant {

/// What is left of a row when the centre of all was taken away and the rest was rotated, in parts
/// of 4 to 8 coordinates: of each part the nearest of 256 centroids, a byte. A query is a table of
/// its distances to all of these. The rotation stands for one that is learned: it makes parts
/// alike. Source: Jégou et al. 2011; of the rotation, OPQ, Ge et al. 2013.
///
/// No form with 4 bits and tables in registers (fast scan, André et al. 2017): that measures 32
/// rows that lie side by side, and a walk comes to rows that do not.
class ProductCodec final : public Codec {
 public:
  static Expected<std::unique_ptr<ProductCodec>> read(Metric metric, uint32_t dim,
                                                      Bytes parameters);

  [[nodiscard]] CodeKind kind() const override { return CodeKind::kPq; }
  [[nodiscard]] size_t bytes() const override { return parts_; }
  [[nodiscard]] size_t query_bytes() const override;
  [[nodiscard]] const kernel::CodeKernel& kernel() const override;
  [[nodiscard]] uint32_t measures_one_in() const override { return 1; }
  void encode_row(const float* vector, float inv_norm, uint8_t* code) const override;
  bool encode_query(const float* query, uint8_t* code) const override;
  [[nodiscard]] Buffer parameters() const override;

 private:
  friend class ProductTrainer;
  ProductCodec(const L2Space& space, uint64_t seed);
  [[nodiscard]] std::span<const float> centroids(size_t part) const;

  uint32_t width_;  // of a part
  size_t parts_;
  TurnedSpace space_;
  std::vector<float> centroids_;  // part by part, see k_means.h
};

/// Finds the centroids in steps of some milliseconds, for hosts without threads.
class ProductTrainer {
 public:
  /// `rows` must not be empty; a sample of them is looked at now.
  ProductTrainer(const L2Space& space, const TrainingRows& rows);
  /// Whether that was the last.
  bool step();
  /// After the last step.
  [[nodiscard]] std::unique_ptr<ProductCodec> take() { return std::move(codec_); }

 private:
  void turn_some();

  std::unique_ptr<ProductCodec> codec_;
  PlacedSample sample_;
  std::vector<float> turned_;  // rows of the sample
  uint32_t count_ = 0;         // that are turned
  size_t part_ = 0;
  uint32_t round_ = 0;
};

}  // namespace quiver::quant
