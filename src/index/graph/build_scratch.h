#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "index/graph/visited.h"

namespace quiver::index {

/// A row and how far it is, as one number, so that the nearest are sorted, and equally near ones by
/// row.
using RankedRow = uint64_t;

inline constexpr uint32_t kMostBuildRows = uint32_t{1} << 31;  // a bit is the pool's

constexpr RankedRow ranked(uint32_t distance, uint32_t row) {
  return (uint64_t{distance} << 32) | (row << 1);
}
constexpr uint32_t row_of(RankedRow ranked) { return static_cast<uint32_t>(ranked) >> 1; }
constexpr uint32_t distance_of(RankedRow ranked) { return static_cast<uint32_t>(ranked >> 32); }

/// The nearest `capacity` rows that a walk has met, each expanded at most once. Not CandidatePool,
/// which also takes distances that are no whole numbers: to compare one number orders equal rows.
class BuildPool {
 public:
  void clear(uint32_t capacity) {
    entries_.resize(capacity);
    size_ = 0;
    cursor_ = 0;
  }

  /// Whether it is among the nearest.
  bool insert(RankedRow entry) {
    size_t size = size_;
    RankedRow* const entries = entries_.data();
    if (size == entries_.size()) {
      if (entry >= entries[size - 1]) return false;
      --size;
    }
    // The first that is not before it, without a branch that a processor would guess wrong.
    size_t place = 0;
    for (size_t count = size; count != 0; count /= 2) {
      const size_t half = count - count / 2;
      place += half & (size_t{0} - static_cast<size_t>(entries[place + half - 1] < entry));
    }
    std::memmove(entries + place + 1, entries + place, (size - place) * sizeof(RankedRow));
    entries[place] = entry;
    size_ = size + 1;
    cursor_ = std::min(cursor_, place);
    return true;
  }

  /// The nearest row not yet expanded, which counts as expanded from now on; false if none is left.
  bool next(uint32_t& row) {
    while (cursor_ < size_ && (entries_[cursor_] & kExpanded) != 0) ++cursor_;
    if (cursor_ == size_) return false;
    row = row_of(entries_[cursor_]);
    entries_[cursor_] |= kExpanded;
    return true;
  }

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] RankedRow at(size_t i) const { return entries_[i] & ~kExpanded; }

 private:
  static constexpr RankedRow kExpanded = 1;

  std::vector<RankedRow> entries_;
  size_t size_ = 0;
  size_t cursor_ = 0;
};

/// What a thread needs to link rows, kept from row to row so that linking allocates nothing.
struct BuildScratch {
  VisitedSet visited;
  BuildPool pool;
  std::vector<uint32_t> rows;       // to be measured
  std::vector<uint32_t> distances;  // of `rows`
  std::vector<RankedRow> candidates;
  std::vector<RankedRow> chosen;
};

}  // namespace quiver::index
