#pragma once

#include "support/mutation.h"

namespace quiver::fuzz {

/// Changes a column of values (docs/format.md) behind its compression: the content of its blocks,
/// or where they begin and end. Words of what is none.
void mutate_values(Random& random, Buffer& column);

}  // namespace quiver::fuzz
