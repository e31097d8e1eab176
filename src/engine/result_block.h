#pragma once

#include <span>

#include "base/bytes.h"
#include "base/expected.h"
#include "engine/view.h"

namespace quiver::engine {

/// A row of a view as a result. `distance` as the kernels give it.
struct Hit {
  float distance = 0;
  uint32_t part = 0;
  uint32_t row = 0;
};

/// Appends one result block (docs/engine-messages.md) with the items of `hits`, in order.
/// CORRUPT_FILE, and nothing appended, if an id or metadata cannot be read.
Expected<void> append_result_block(const View& view, std::span<const Hit> hits,
                                   bool include_vectors, ByteWriter& out);

}  // namespace quiver::engine
