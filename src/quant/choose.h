#pragma once

#include <memory>

#include "quant/codec.h"
#include "quant/rows.h"

namespace quiver::quant {

/// The codec for some rows, and how it came to be.
struct Choice {
  std::shared_ptr<const Codec> codec;  ///< null: none
  bool is_automatic = false;
  /// What share of the 10 nearest rows of a held-out sample are among the 20 that its codes put
  /// first; 1 where codes are exact, 0 where nothing was measured.
  float sample_recall = 0;
};

/// The codec that was asked for, trained on the rows, of which there is at least one. Without a
/// wish: bytes where the rows are such; else half a byte a dimension from 512 dimensions up, or a
/// byte, whichever finds the neighbours of a sample; else none.
Choice choose_codec(Quantization wish, Metric metric, uint32_t dim, const TrainingRows& rows);

/// What graphs are built by: exact bytes or a byte a dimension, whatever is searched.
std::shared_ptr<const Codec> build_codec(const Choice& choice, Metric metric, uint32_t dim,
                                         const TrainingRows& rows);

}  // namespace quiver::quant
