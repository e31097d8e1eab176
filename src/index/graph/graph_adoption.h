#pragma once

#include <cstdint>
#include <vector>

#include "index/graph/graph_layout.h"

namespace quiver::index {

/// Level 0 of a finished graph under new row numbers, some of its rows dropped and others new: what
/// a builder starts from so that it need not search the neighbours of every row again. Immutable,
/// so that any number of threads may read it.
class GraphAdoption {
 public:
  /// Nothing is adopted: all of `rows` rows are new.
  explicit GraphAdoption(uint32_t rows) : old_rows_(rows, kNoRow) {}

  /// Row r of `graph` becomes row new_rows[r] < rows, or is dropped (kNoRow); no number is given
  /// twice. The graph's memory is borrowed. It may hold anything: a list ends where it names a row
  /// that is not there.
  GraphAdoption(GraphView graph, std::vector<uint32_t> new_rows, uint32_t rows);

  /// Whether adopting a graph of `graph_rows` rows, of which `kept` are left, gives as good a graph
  /// as building anew, sooner.
  static bool pays_off(uint32_t kept, uint32_t graph_rows) {
    return kept > 0 && uint64_t{kept} * 5 >= uint64_t{graph_rows} * 2;
  }

  [[nodiscard]] uint32_t rows() const { return static_cast<uint32_t>(old_rows_.size()); }
  /// The M of the graph; 0 if nothing is adopted.
  [[nodiscard]] uint32_t m() const { return graph_.m; }
  /// What the graph was built with; 0 if that is not known.
  [[nodiscard]] uint32_t ef_construction() const { return graph_.ef_construction; }
  [[nodiscard]] bool keeps(uint32_t row) const { return old_rows_[row] != kNoRow; }

  /// Writes the kept neighbours of a kept row, at most 2·M, by new number in their old order; how
  /// many there are.
  uint32_t copy_list(uint32_t row, uint32_t* out) const;

  /// How many neighbours a kept row had.
  [[nodiscard]] uint32_t old_degree(uint32_t row) const;

  /// The kept neighbours of a kept row's dropped neighbours, ascending.
  [[nodiscard]] std::vector<uint32_t> beyond_dropped(uint32_t row) const;

 private:
  template <typename Visit>
  void visit(uint32_t old_row, Visit visit) const;

  GraphView graph_;
  std::vector<uint32_t> new_rows_;
  std::vector<uint32_t> old_rows_;  // by new number; kNoRow: not the graph's
};

}  // namespace quiver::index
