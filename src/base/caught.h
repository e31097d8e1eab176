#pragma once

#include <exception>
#include <new>
#include <stdexcept>

#include "base/expected.h"

namespace quiver {

/// What `work` returns, an Expected, or as an error what it throws: for work that is not the
/// caller's wish, on threads that must go on. Memory may run out anywhere.
template <typename Work>
auto caught(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Error{Code::kOutOfMemory, "Out of memory"};
  } catch (const std::length_error&) {
    // Where addresses have 32 bits a container may hold half of what they reach.
    return Error{Code::kOutOfMemory, "Out of memory: more than 2 GiB were asked for at once"};
  } catch (const std::exception& failure) {
    return Error{Code::kInternal, failure.what()};
  }
}

}  // namespace quiver
