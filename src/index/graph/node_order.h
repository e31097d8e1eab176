#pragma once

#include <cstdint>
#include <vector>

#include "index/graph/graph_layout.h"

namespace quiver::index {

/// The rows of a graph in the order in which a breadth-first walk over level 0 comes to them from
/// the entry, then those it does not come to. Numbered so, what a search reads one after the other
/// lies close together. Source: Graph Reordering for Cache-Efficient Near Neighbor Search, Coleman
/// et al. 2022 (breadth-first gives most of the gain for the least time).
std::vector<uint32_t> walk_order(const GraphView& graph);

/// The same graph under other numbers: row order[i] becomes i. `order` names each row once.
GraphData renumbered(const GraphData& graph, const std::vector<uint32_t>& order);

}  // namespace quiver::index
