#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "index/graph/graph_adoption.h"

namespace quiver::index {

/// In which order a builder links rows.
struct LinkOrder {
  uint32_t entry = 0;            ///< where walks begin until a higher row is linked
  std::vector<uint32_t> mend;    ///< adopted rows that have lost some neighbours
  std::vector<uint32_t> insert;  ///< rows whose neighbours are to be searched, without the entry
};

/// Decides it: `lists` are the adoption's, `level_of` gives a row's level.
///
/// Searched are the neighbours of new rows, of adopted ones that have lost nearly all or that a
/// walk from the entry over what is left does not come to, and of rows on upper levels, which are
/// always made anew: they are few, and lists that are mended again and again would wear out first.
/// Those rows go first, so that the others find their way from above.
///
/// Within each group the order goes to and fro between first and last rows. Data often come sorted,
/// one cluster after the other; linked in that order, clusters would hang together by few links,
/// and walks would end in a wrong one.
LinkOrder link_order(const GraphAdoption& adoption, std::span<const uint32_t> lists,
                     const std::function<int(uint32_t)>& level_of);

}  // namespace quiver::index
