#pragma once

#include "filter/ast.h"
#include "filter/fields.h"

namespace quiver::filter {

/// Whether a row's metadata fulfil `node`. Allocates nothing itself.
[[nodiscard]] bool evaluate(const Node& node, Fields& metadata);

}  // namespace quiver::filter
