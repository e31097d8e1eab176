#pragma once

#include <math.h>

namespace quiver::kernel {
namespace {

/// Only what the definition in scalar.cpp does not spell out itself.
struct LanesScalar {
  static constexpr bool kPrefetches = false;

  static float square_root(float x) { return sqrtf(x); }
};

}  // namespace
}  // namespace quiver::kernel
