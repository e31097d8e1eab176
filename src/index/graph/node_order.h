#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "index/graph/graph_layout.h"

namespace quiver::index {

/// The rows of a graph in the order in which a breadth-first walk over level 0 comes to them from
/// the entry, then those it does not come to. Numbered so, what a search reads one after the other
/// lies close together. Source: Graph Reordering for Cache-Efficient Near Neighbor Search, Coleman
/// et al. 2022 (breadth-first gives most of the gain for the least time).
class WalkOrder {
 public:
  /// The graph is borrowed.
  explicit WalkOrder(const GraphView& graph);

  /// Reads some more lists; whether all rows have their place. Takes less than a millisecond.
  bool step();

  /// The row of each place, once all have one.
  std::vector<uint32_t> take() { return std::move(order_); }

 private:
  void meet(uint32_t row);

  GraphView graph_;
  std::vector<bool> met_;
  std::vector<uint32_t> order_;
  size_t read_ = 0;    // of order_, how many lists
  uint32_t rest_ = 0;  // all rows before it are met
};

/// Gives the rows of a graph other numbers, where it lies: row order[i] becomes i.
class Renumbering {
 public:
  /// Both are borrowed; `order` names each row once.
  Renumbering(GraphData& graph, std::span<const uint32_t> order);

  /// Moves some more lists; whether the graph is whole again. Takes less than a millisecond, but
  /// for upper levels of more than about 10,000 rows.
  bool step();

 private:
  void move_list();
  void rename(const uint32_t* from, uint32_t to);
  void rename_level(GraphData::UpperLevel& level) const;

  GraphData& graph_;
  std::span<const uint32_t> order_;
  size_t degree_;
  std::vector<uint32_t> number_;  // the new one of each row
  // Lists are moved in cycles of places: the first one's is set aside, the next is moved into its
  // place, and so on.
  std::vector<bool> moved_;  // by new number
  std::vector<uint32_t> set_aside_;
  uint32_t first_ = 0;  // the cycle's first place; where there is none, all before it are moved
  uint32_t place_ = 0;  // the free one
  bool in_cycle_ = false;
  size_t level_ = 0;  // of the upper ones, the next
};

}  // namespace quiver::index
