#pragma once

#include "base/bytes.h"
#include "base/expected.h"
#include "filter/ast.h"

namespace quiver::filter {

/// Reads a filter from one untrusted MessagePack map; kInvalidFilter as Filter::parse says.
Expected<Node> parse_filter(Bytes bytes);

}  // namespace quiver::filter
