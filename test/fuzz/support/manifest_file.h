#pragma once

#include "support/mutation.h"

namespace quiver::fuzz {

/// Gives a changed manifest its size and checksums back (docs/format.md).
void seal_manifest(Buffer& file);

/// Changes a manifest behind its checksums: a field to another value, or its body's bytes.
void mutate_manifest(Random& random, Buffer& file);

}  // namespace quiver::fuzz
