#pragma once

#include "base/bitmap.h"
#include "base/expected.h"
#include "filter/ast.h"
#include "filter/columns.h"

namespace quiver::filter {

/// What of a node columns can answer: all of it, nothing, or some of the conditions that all have
/// to hold.
[[nodiscard]] Indexed indexed_of(const Node& node, const Columns& columns);

/// The rows whose metadata fulfil what columns can answer of `node`: the same as evaluate() of
/// each, but field by field, so that a value that many rows share is looked at once. A field that
/// cannot matter any more is not read.
Expected<Bitmap> select(const Node& node, Columns& columns);

/// Whether the columns do so quickly for every field in that.
[[nodiscard]] bool selects_quickly(const Node& node, const Columns& columns);

}  // namespace quiver::filter
