#pragma once

#include <cstdint>

#include "base/bitmap.h"

namespace quiver::index {

/// The rows of an index that a filter takes.
struct Selection {
  Bitmap rows;
  Bitmap nodes;        ///< the same as nodes of a graph with an order of its own; else empty
  uint32_t count = 0;  ///< how many

  [[nodiscard]] size_t bytes() const {
    return sizeof(*this) + rows.words().size_bytes() + nodes.words().size_bytes();
  }
};

}  // namespace quiver::index
