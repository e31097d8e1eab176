#pragma once

#include "base/error.h"

namespace quiver {

/// What the exception being handled becomes: OUT_OF_MEMORY, else INTERNAL. Only inside a `catch`.
Error error_of_current_exception();

}  // namespace quiver
