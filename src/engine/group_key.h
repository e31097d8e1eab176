#pragma once

#include <optional>
#include <string>

#include "base/msgpack.h"

namespace quiver::engine {

/// Bytes that are the same for values that are the same: numbers as doubles, 0 as -0, maps
/// whatever the order of their keys; a missing value as null. Of values deeper than
/// msgpack::kMaxDepth, which only a damaged file has, what is deeper counts as null.
std::string group_key(const std::optional<msgpack::Value>& value);

}  // namespace quiver::engine
