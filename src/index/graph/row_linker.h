#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "index/code_block.h"
#include "index/graph/build_scratch.h"

namespace quiver::index {

/// The lists of neighbours of a graph that is being built, in the form that hnswlib gives them: a
/// count, then as many rows. Borrowed memory.
struct LinkLists {
  char* level0 = nullptr;
  size_t level0_stride = 0;
  char* const* upper = nullptr;  ///< of each row: its lists from level 1 up
  size_t upper_stride = 0;
  uint32_t m = 0;

  [[nodiscard]] uint32_t* at(uint32_t row, uint32_t level) const {
    char* list =
        level == 0 ? level0 + row * level0_stride : upper[row] + (level - 1) * upper_stride;
    return reinterpret_cast<uint32_t*>(list);
  }
  [[nodiscard]] std::span<const uint32_t> rows(uint32_t row, uint32_t level) const {
    const uint32_t* list = at(row, level);
    return {list + 1, *list};
  }
  [[nodiscard]] uint32_t capacity(uint32_t level) const { return level == 0 ? 2 * m : m; }
};

/// A link to be made: to `target`'s list on a level, from a row that has chosen it as a neighbour.
/// Or the list that a row is to begin with; it sorts before the links to that row.
struct NewLink {
  uint64_t place;  ///< target, level
  uint64_t from;   ///< distance + 1, row; below 2^32: where in the batch the row's own list is

  static NewLink to(RankedRow target, uint32_t level, uint32_t row) {
    return {place_of(row_of(target), level), ((uint64_t{distance_of(target)} + 1) << 32) | row};
  }
  static NewLink own(uint32_t row, uint32_t level, uint32_t list) {
    return {place_of(row, level), list};
  }

  [[nodiscard]] uint32_t target() const { return static_cast<uint32_t>(place >> 32); }
  [[nodiscard]] uint32_t level() const { return static_cast<uint32_t>(place); }
  [[nodiscard]] bool is_own() const { return from >> 32 == 0; }
  [[nodiscard]] RankedRow source() const {
    return ranked(static_cast<uint32_t>((from >> 32) - 1), static_cast<uint32_t>(from));
  }

  friend bool operator<(const NewLink& a, const NewLink& b) {
    return a.place != b.place ? a.place < b.place : a.from < b.from;
  }

 private:
  static uint64_t place_of(uint32_t row, uint32_t level) { return (uint64_t{row} << 32) | level; }
};

/// How a row finds its neighbours and is linked to them, over codes. choose() reads lists and
/// link() writes them, each those of its targets alone: any number of threads may do either at
/// once, but not one while the other is done.
/// Source: HNSW, Malkov & Yashunin 2016, Alg. 1, 2 and 4, as hnswlib does them.
class RowLinker {
 public:
  /// `ef`: candidates, of which a row's neighbours are chosen.
  RowLinker(const CodeBlock& codes, const LinkLists& lists, uint32_t ef)
      : codes_(codes), lists_(lists), ef_(ef) {}

  /// While nothing is chosen.
  void set_ef(uint32_t ef) { ef_ = ef; }
  [[nodiscard]] uint32_t ef() const { return ef_; }
  [[nodiscard]] const LinkLists& lists() const { return lists_; }

  /// Ends a chosen list that is shorter than M.
  static constexpr RankedRow kNone = ~RankedRow{0};

  /// Chooses a row's neighbours on levels 0 … `level` into `out`, M a level. The walk begins at
  /// `entry`, whose highest level is `top`; above that nothing is chosen. A row that has neighbours
  /// on level 0 keeps those that are as good.
  void choose(uint32_t row, uint32_t level, uint32_t entry, uint32_t top, BuildScratch& scratch,
              std::span<RankedRow> out) const;

  /// Searches the nearest `ef` rows on level 0, without the row itself: in scratch.pool. Writes no
  /// list.
  void search(uint32_t row, uint32_t entry, uint32_t top, uint32_t ef,
              BuildScratch& scratch) const {
    walk(row, descend(row, entry, top, 0, scratch), 0, ef, scratch);
  }

  /// Makes sorted links; `chosen` is where own lists are to be found.
  void link(std::span<const NewLink> links, std::span<const RankedRow> chosen,
            BuildScratch& scratch) const;

  /// Offers a row further neighbours on level 0: it takes what the heuristic would take, nearest
  /// first, and then the nearest of the rest until its list is three quarters full.
  void offer(uint32_t row, std::span<const uint32_t> offered, BuildScratch& scratch) const;

 private:
  [[nodiscard]] uint32_t distance(uint32_t a, uint32_t b) const {
    return codes_.kernel->pair(codes_.code(a), codes_.code(b), codes_.bytes);
  }
  [[nodiscard]] double as_number(uint32_t distance) const {
    return codes_.has_float_distances ? double{std::bit_cast<float>(distance)}
                                      : static_cast<double>(distance);
  }
  void measure(uint32_t row, size_t count, BuildScratch& scratch) const;
  uint32_t descend(uint32_t row, uint32_t entry, uint32_t top, uint32_t level,
                   BuildScratch& scratch) const;
  void walk(uint32_t row, uint32_t start, uint32_t level, uint32_t ef, BuildScratch& scratch) const;
  void add_own(uint32_t row, BuildScratch& scratch) const;
  [[nodiscard]] bool is_covered(RankedRow candidate, std::span<const RankedRow> chosen,
                                uint32_t slack) const;
  void select(uint32_t limit, uint32_t slack, BuildScratch& scratch) const;
  void add_links(uint32_t target, uint32_t level, std::span<const NewLink> links,
                 BuildScratch& scratch) const;

  CodeBlock codes_;
  LinkLists lists_;
  uint32_t ef_;
};

}  // namespace quiver::index
