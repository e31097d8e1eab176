#pragma once

#include <span>

#include "base/bytes.h"
#include "engine/view.h"

namespace quiver::engine {

/// A row of a view as a result. `distance` as the kernels give it.
struct Hit {
  float distance = 0;
  uint32_t part = 0;
  uint32_t row = 0;
};

/// Appends one result block (docs/engine-messages.md) with the items of `hits`, in order.
void append_result_block(const View& view, std::span<const Hit> hits, bool include_vectors,
                         ByteWriter& out);

}  // namespace quiver::engine
