#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "base/bytes.h"
#include "engine/head.h"
#include "engine/view.h"
#include "kernel/metric.h"

namespace quiver::engine {

/// What the collection knows of a part beside what readers see.
struct PartState {
  uint64_t segment_number = 0;  ///< 0: a head
  uint64_t log_after = 0;       ///< the log file begun when its last head was frozen; 0: unknown
  uint64_t sequence_after = 0;  ///< that file's first sequence number
};

/// The rows of an index and where they are kept. What a view shows, and what it does not.
struct State {
  View view;
  std::vector<PartState> parts;  ///< one for each of the view's
  std::shared_ptr<Head> head;    ///< the view's last part while rows may be added to it, or null
  uint64_t first_log = 1;        ///< as in the manifest
  uint64_t first_sequence = 1;   ///< as in the manifest
  uint64_t next_sequence = 1;    ///< of the next record in the log
};

/// The next state while it is being made. The old one stays as it is, but for rows at the end of
/// its head that it does not count.
class Draft {
 public:
  explicit Draft(State from) : state_(std::move(from)), owned_(state_.view.parts.size()) {}

  [[nodiscard]] const View& view() const { return state_.view; }
  void set_dimensions(uint32_t dim) { state_.view.dim = dim; }

  void remove(View::Place place);
  /// Adds a row to the head; begins one if there is none or it is full.
  void append(Metric metric, std::string_view id, Bytes metadata, const float* vector);

  /// Ends the draft. `records` is how many the log has for it.
  State finish(uint64_t records);

 private:
  State state_;
  std::vector<std::shared_ptr<Bitmap>> owned_;  // per part: its deleted rows, once they differ
};

}  // namespace quiver::engine
