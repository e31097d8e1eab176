#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/expected.h"

namespace quiver::column {

/// Takes what is written, piece by piece.
using Sink = std::function<Expected<void>(Bytes)>;

}  // namespace quiver::column
