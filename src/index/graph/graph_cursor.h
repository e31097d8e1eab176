#pragma once

#include <cstdint>

#include "index/graph/resumable_walk.h"

namespace quiver::index {

/// How far a search of one graph has come that is made in pieces: GraphIndex::search_on.
struct GraphCursor {
  ResumableWalk<uint32_t> by_codes;
  ResumableWalk<float> by_vectors;  ///< where there are no codes
};

}  // namespace quiver::index
