#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"

namespace quiver::index {

/// Ends a list of neighbours that has fewer than the level's degree.
inline constexpr uint32_t kNoRow = 0xFFFFFFFF;

/// How a graph is built. M: links a row gets per level (level 0 holds up to 2·M), 4–64.
/// ef_construction: candidates kept while a row is inserted, M–2000; 0: as many as the rows need,
/// which BuildProbe finds out.
/// Source: HNSW, Malkov & Yashunin 2016, §4.
struct GraphParams {
  uint32_t m = 16;
  uint32_t ef_construction = 0;
};

/// A finished hierarchical graph in the form it has in a segment file: relocatable, fixed-degree
/// rows. Borrowed memory; docs/format.md gives the bytes.
struct GraphView {
  /// A level above 0. It names its nodes by their position in `rows` (ascending), so that a walk
  /// needs no lookup: `neighbors` holds `rows.size() × m` positions.
  struct UpperLevel {
    std::span<const uint32_t> rows;
    std::span<const uint32_t> neighbors;
  };

  uint32_t row_count = 0;
  uint32_t m = 0;
  uint32_t ef_construction = 0;         ///< it was built with; 0: not known
  uint32_t entry_row = 0;               ///< where a search starts: a row of the highest level
  std::span<const uint32_t> neighbors;  ///< level 0: row_count × 2·m rows
  std::vector<UpperLevel> upper;        ///< level 1 first
};

/// The same with its memory.
struct GraphData {
  struct UpperLevel {
    std::vector<uint32_t> rows;
    std::vector<uint32_t> neighbors;
  };

  uint32_t m = 0;
  uint32_t ef_construction = 0;
  uint32_t entry_row = 0;
  std::vector<uint32_t> neighbors;
  std::vector<UpperLevel> upper;

  [[nodiscard]] GraphView view() const;

  /// Header and upper levels as one run of u32: row_count, m, entry_row, levels, then for each
  /// upper level its count, rows and neighbours. Level 0 is stored apart because it is large and
  /// aligned.
  [[nodiscard]] Buffer encode_upper() const;
};

/// Reads what encode_upper() wrote, in O(levels): CORRUPT_FILE if the sizes do not fit. The numbers
/// of the lists are not looked at, so that opening reads no list: a walk takes a list to end where
/// it names what is not there. The bytes stay borrowed and must be 4-byte aligned.
Expected<GraphView> decode_graph(Bytes upper, Bytes level0, uint32_t row_count);

/// Checks every number of a graph: rows that exist, levels that lead down. CORRUPT_FILE otherwise.
Expected<void> check_graph(const GraphView& graph);

}  // namespace quiver::index
