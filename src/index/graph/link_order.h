#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "index/graph/graph_adoption.h"
#include "index/graph/reachability.h"
#include "index/graph/row_linker.h"

namespace quiver::index {

/// In which order a builder links rows.
struct LinkOrder {
  uint32_t entry = 0;            ///< where walks begin until a higher row is linked
  std::vector<uint32_t> mend;    ///< adopted rows that have lost some neighbours
  std::vector<uint32_t> insert;  ///< rows whose neighbours are to be searched, without the entry
};

/// Decides it, in steps: `lists` are what is left of the adopted ones, `level_of` gives a row's
/// level.
///
/// Searched are the neighbours of new rows, of adopted ones that have lost nearly all or that a
/// walk from the entry over what is left does not come to, and of rows on upper levels, which are
/// always made anew: they are few, and lists that are mended again and again would wear out first.
///
/// The order goes through all rows in steps of about the golden section of their number, so that
/// any rows that come first are spread over all. Data often come sorted, one cluster after the
/// other; linked in that order, clusters would hang together by few links, and walks would end in a
/// wrong one.
class LinkOrdering {
 public:
  using LevelOf = std::function<int(uint32_t)>;

  /// All are borrowed.
  LinkOrdering(const GraphAdoption& adoption, const LinkLists& lists, LevelOf level_of);

  /// Goes on; whether the order is there. Takes less than a millisecond.
  bool step();

  [[nodiscard]] LinkOrder take() { return std::move(order_); }

 private:
  /// Level 0, for Flood.
  struct Level0 {
    const LinkLists* lists;
    std::span<const uint32_t> operator()(uint32_t row) const { return lists->rows(row, 0); }
  };

  [[nodiscard]] uint32_t first_row() const;
  void look_at(uint32_t row);

  const GraphAdoption& adoption_;
  const LinkLists& lists_;
  LevelOf level_of_;
  Flood<Level0> flood_;
  LinkOrder order_;
  uint32_t next_ = 0;           // row to look at
  std::vector<uint32_t> rest_;  // rows that are to be inserted, ascending
};

}  // namespace quiver::index
