#pragma once

#include <memory>

#include "quant/codec.h"
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
};

/// Chooses the codec that was asked for, trained on the rows, of which there is at least one.
/// Without a wish: bytes where the rows are such; else half a byte a dimension from 512 dimensions
/// up, or a byte, whichever finds the neighbours of a sample; else none.
class CodecChooser {
 public:
  /// The rows are borrowed.
  CodecChooser(Quantization wish, Metric metric, uint32_t dim, const TrainingRows& rows);
  ~CodecChooser();
  CodecChooser(const CodecChooser&) = delete;
  CodecChooser& operator=(const CodecChooser&) = delete;

  /// Does some more, however many rows there are; whether that was the last. Throws std::bad_alloc.
  bool step();
  /// After the last step.
  Codecs take();

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

/// All steps of that at once.
Codecs choose_codecs(Quantization wish, Metric metric, uint32_t dim, const TrainingRows& rows);

}  // namespace quiver::quant
