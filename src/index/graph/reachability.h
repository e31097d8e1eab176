#pragma once

#include <cstdint>
#include <vector>

#include "index/graph/graph_layout.h"

namespace quiver::index {

/// Rows that a walk from the entry cannot reach over level 0, ascending. O(rows · m).
std::vector<uint32_t> unreachable_rows(const GraphView& graph);

/// Links those rows, each from a row near it if one has a place to spare: a free one, or that of a
/// link by which nothing is reached. Nothing that was reached is lost. O(rows · m) as a rule.
void link_unreachable_rows(GraphData& graph);

}  // namespace quiver::index
