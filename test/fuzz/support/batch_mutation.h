#pragma once

#include "support/mutation.h"

namespace quiver::fuzz {

/// Changes a batch (docs/engine-messages.md) and makes its sizes add up again, so that more than
/// its header is read.
void mutate_batch(Random& random, Buffer& batch);

}  // namespace quiver::fuzz
