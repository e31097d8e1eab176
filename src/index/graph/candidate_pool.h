#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "index/index.h"

namespace quiver::index {

/// The nearest `capacity` rows that a walk has met, sorted, each expanded at most once. A sorted
/// array beats a heap up to a capacity of some hundreds because insertion is one short move.
class CandidatePool {
 public:
  void clear(size_t capacity) {
    entries_.clear();
    entries_.reserve(capacity + 1);
    capacity_ = capacity;
    cursor_ = 0;
  }

  void insert(float distance, uint32_t row) {
    if (entries_.size() == capacity_ && distance >= entries_.back().distance) return;
    const auto place =
        std::upper_bound(entries_.begin(), entries_.end(), distance,
                         [](float d, const Entry& entry) { return d < entry.distance; });
    const auto index = static_cast<size_t>(place - entries_.begin());
    entries_.insert(place, Entry{distance, row, false});
    if (entries_.size() > capacity_) entries_.pop_back();
    cursor_ = std::min(cursor_, index);
  }

  /// The nearest row not yet expanded, which counts as expanded from now on; false when none is
  /// left.
  bool next(uint32_t& row) {
    while (cursor_ < entries_.size() && entries_[cursor_].expanded) ++cursor_;
    if (cursor_ == entries_.size()) return false;
    entries_[cursor_].expanded = true;
    row = entries_[cursor_].row;
    return true;
  }

  [[nodiscard]] size_t size() const { return entries_.size(); }
  [[nodiscard]] Neighbor at(size_t i) const { return {entries_[i].distance, entries_[i].row}; }

 private:
  struct Entry {
    float distance;
    uint32_t row;
    bool expanded;
  };

  std::vector<Entry> entries_;
  size_t capacity_ = 0;
  size_t cursor_ = 0;
};

}  // namespace quiver::index
