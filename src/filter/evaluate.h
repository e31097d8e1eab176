#pragma once

#include "base/msgpack.h"
#include "filter/ast.h"

namespace quiver::filter {

/// Whether `metadata` fulfils `node`. Allocates nothing.
[[nodiscard]] bool evaluate(const Node& node, const msgpack::Value& metadata) noexcept;

}  // namespace quiver::filter
