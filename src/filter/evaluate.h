#pragma once

#include <optional>

#include "filter/ast.h"
#include "filter/fields.h"

namespace quiver::filter {

/// Whether a row's metadata fulfil `node`. Allocates nothing itself.
[[nodiscard]] bool evaluate(const Node& node, Fields& metadata);

/// Whether the value of a field, or its absence, fulfils what is asked of it.
[[nodiscard]] bool evaluate(const Field& field, const std::optional<msgpack::Value>& value);

}  // namespace quiver::filter
