#pragma once

#include <memory>

#include "quant/codec.h"
#include "quant/product_codec.h"
#include "quant/rows.h"

namespace quiver::quant {

/// How rows are quantised for walks, and how that came to be.
struct Choice {
  std::shared_ptr<const Codec> codec;  ///< null: not at all
  bool is_automatic = false;
  /// What share of the 10 nearest rows of a held-out sample are among the 20 that its codes put
  /// first; 1 where codes are exact, 0 where nothing was measured.
  float sample_recall = 0;
};

/// The codecs for some rows.
struct Codecs {
  Choice search;
  /// What the graph is built by, whatever is searched: exact bytes, or a byte a dimension where
  /// that finds the neighbours of a sample, else the vectors.
  std::shared_ptr<const Codec> build;
  /// Where the codec that was asked for takes long to train: its steps; `search` has none yet.
  std::unique_ptr<ProductTrainer> training;
};

/// The codec that was asked for, trained on the rows, of which there is at least one. Without a
/// wish: bytes where the rows are such; else half a byte a dimension from 512 dimensions up, or a
/// byte, whichever finds the neighbours of a sample; else none.
Codecs choose_codecs(Quantization wish, Metric metric, uint32_t dim, const TrainingRows& rows);

}  // namespace quiver::quant
