#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/scratch.h"
#include "index/graph/graph_layout.h"

namespace quiver::index {

/// A row that a walk has met. Equally near ones are in the order of their numbers: a heap would
/// else leave them in an order that depends on the standard library.
template <typename Distance>
struct Met {
  Distance distance;
  uint32_t row;

  friend bool operator<(const Met& a, const Met& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  }
  friend bool operator>(const Met& a, const Met& b) { return b < a; }
};

/// A damaged file can hold vectors whose distance is none.
template <typename Distance>
bool is_number(Distance distance) {
  if constexpr (std::is_floating_point_v<Distance>) return !std::isnan(distance);
  return true;
}

/// The nearest `capacity` rows that a walk has met, sorted, each expanded at most once. A sorted
/// array beats a heap up to a capacity of some hundreds because insertion is one short move. Rows
/// are less than 2^31: the bit above says whether one was expanded.
template <typename Distance>
class CandidatePool {
 public:
  void clear(size_t capacity) {
    free_if_wasteful(entries_, capacity + 1);
    if (entries_.size() < capacity + 1) entries_.resize(capacity + 1);
    capacity_ = capacity;
    size_ = 0;
    cursor_ = 0;
  }

  /// Whether insert() would take a row at that distance.
  [[nodiscard]] bool takes(Distance distance) const {
    return (size_ < capacity_ || distance < limit_) && is_number(distance);
  }

  /// Whether the row was taken: what is not nearer than the farthest of a full pool is not, and
  /// what is no number.
  bool insert(Distance distance, uint32_t row) {
    // Apart, so that no call is needed for most rows that a walk meets.
    if (size_ == capacity_ && !(distance < limit_)) return false;
    return take(distance, row);
  }

  /// As insert(), of a row that counts as expanded already.
  bool insert_expanded(Distance distance, uint32_t row) {
    if (!insert(distance, row | kExpanded)) return false;
    skip_expanded();
    return true;
  }

  /// The nearest row not yet expanded, which counts as expanded from now on; false when none is
  /// left.
  bool next(uint32_t& row) {
    if (cursor_ == size_) return false;
    row = entries_[cursor_].row;
    entries_[cursor_].row |= kExpanded;
    skip_expanded();
    return true;
  }

  /// Forgets what is farther than `limit`.
  void drop_farther(Distance limit) {
    while (size_ > 0 && limit < entries_[size_ - 1].distance) --size_;
    cursor_ = std::min(cursor_, size_);
  }

  [[nodiscard]] bool full() const { return size_ == capacity_; }
  /// What the last row that a full pool took has taken the place of, and whether it was expanded.
  [[nodiscard]] std::pair<Met<Distance>, bool> fallen() const {
    const Met<Distance>& last = entries_[capacity_];
    return {{last.distance, last.row & ~kExpanded}, (last.row & kExpanded) != 0};
  }

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] Met<Distance> at(size_t i) const {
    return {entries_[i].distance, entries_[i].row & ~kExpanded};
  }

 private:
  using Entry = Met<Distance>;
  static constexpr uint32_t kExpanded = 0x80000000;

  void skip_expanded() {
    while (cursor_ < size_ && (entries_[cursor_].row & kExpanded) != 0) ++cursor_;
  }

  bool take(Distance distance, uint32_t row) {
    if (!is_number(distance)) return false;
    Entry* const begin = entries_.data();
    // The first that is farther, without a branch that a processor would guess wrong.
    size_t index = 0;
    for (size_t count = size_; count != 0; count /= 2) {
      const size_t half = count - count / 2;
      const bool is_before = !(distance < begin[index + half - 1].distance);
      index += half & (size_t{0} - static_cast<size_t>(is_before));
    }
    Entry* const place = begin + index;
    std::memmove(static_cast<void*>(place + 1), place, (size_ - index) * sizeof(Entry));
    *place = Entry{distance, row};
    if (size_ < capacity_) ++size_;
    if (size_ == capacity_) limit_ = begin[size_ - 1].distance;
    cursor_ = std::min(cursor_, index);
    return true;
  }

  std::vector<Entry> entries_;  // one place more than the capacity: what falls out
  size_t capacity_ = 0;
  size_t size_ = 0;
  size_t cursor_ = 0;   // the first that is not expanded
  Distance limit_ = 0;  // of a full pool: its farthest
};

}  // namespace quiver::index
