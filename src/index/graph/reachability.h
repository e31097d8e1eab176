#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/graph/graph_layout.h"

namespace quiver::index {

/// What can be reached over level 0, in steps. `Lists` gives the neighbours of a row,
/// `lists(row)`, which end before a number that is no row's.
template <typename Lists>
class Flood {
 public:
  Flood(uint32_t rows, Lists lists) : lists_(lists), reached_(rows, false) {}

  [[nodiscard]] bool reached(uint32_t row) const { return reached_[row]; }

  /// Something leads to this row.
  void begin_at(uint32_t row) {
    reached_[row] = true;
    queue_.push_back(row);
  }

  /// Reads some more lists, and tells `visit(row, place, next)` of each link by which a row is
  /// reached; whether nothing more can be. Takes less than a millisecond.
  template <typename Visit>
  bool step(Visit visit) {
    constexpr uint32_t kListsAStep = 1024;
    for (uint32_t i = 0; i < kListsAStep && !queue_.empty(); ++i) {
      const uint32_t row = queue_.back();
      queue_.pop_back();
      const std::span<const uint32_t> list = lists_(row);
      for (size_t place = 0; place < list.size() && list[place] < reached_.size(); ++place) {
        const uint32_t next = list[place];
        if (reached_[next]) continue;
        visit(row, place, next);
        begin_at(next);
      }
    }
    return queue_.empty();
  }

 private:
  Lists lists_;
  std::vector<bool> reached_;
  std::vector<uint32_t> queue_;
};

/// The lists of a finished graph, for Flood.
struct FixedLists {
  const uint32_t* neighbors;
  size_t degree;

  std::span<const uint32_t> operator()(uint32_t row) const {
    return {neighbors + row * degree, degree};
  }
};

/// Rows that a walk from the entry cannot reach over level 0, ascending. O(rows · m).
std::vector<uint32_t> unreachable_rows(const GraphView& graph);

/// Links those rows, each from a row near it if one has a place to spare: a free one, or that of a
/// link by which nothing is reached. Nothing that was reached is lost. O(rows · m) as a rule.
class RowReaching {
 public:
  /// The graph is borrowed. At least one row.
  explicit RowReaching(GraphData& graph);

  /// Goes on; whether every row is reached. Takes less than a millisecond as a rule.
  bool step();

 private:
  /// The place in a reached row's list where another link can go: a free one, else the last that
  /// is not needed; kNone where there is none.
  [[nodiscard]] size_t spare_place(uint32_t row) const;
  void link(uint32_t row);

  static constexpr size_t kNone = SIZE_MAX;

  GraphData& graph_;
  size_t degree_;
  uint32_t rows_;
  Flood<FixedLists> flood_;
  std::vector<bool> needed_;  // of each place of a list, whether a row is reached by it
  uint32_t next_ = 0;         // all rows before it are reached
  uint32_t any_ = 0;          // where a place was found when no row near had one
};

}  // namespace quiver::index
