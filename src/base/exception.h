#pragma once

#include "base/expected.h"

namespace quiver {

/// What the exception being handled becomes: OUT_OF_MEMORY, else INTERNAL. Only inside a `catch`.
Error error_of_current_exception();

/// What `work` returns, an Expected, or as an error what it throws: for work on threads that must
/// go on. Memory may run out anywhere.
template <typename Work>
auto caught(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    return error_of_current_exception();
  }
}

}  // namespace quiver
