#pragma once

#include "kernel/isa/lanes_sse4.h"

namespace quiver::kernel {
namespace {

/// simde turns the SSE operations into the NEON ones, each rounded the same way.
using LanesNeon = LanesSse4;

}  // namespace
}  // namespace quiver::kernel
