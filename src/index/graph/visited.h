#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quiver::index {

/// Which rows a walk has seen. Clearing is O(1) but for every 255th time: a row is marked by the
/// number of the walk, in a byte, because how much of the marks stays in the cache is what counts.
/// One per thread.
class VisitedSet {
 public:
  /// Forgets every row and makes room for `rows`.
  void clear(size_t rows) {
    if (marks_.size() < rows) marks_.resize(rows, 0);
    if (++walk_ == 0) {
      std::fill(marks_.begin(), marks_.end(), uint8_t{0});
      walk_ = 1;
    }
  }

  /// Marks the row; whether it was new.
  bool insert(uint32_t row) {
    // Without a branch: nobody can foretell which rows are new.
    const bool is_new = marks_[row] != walk_;
    marks_[row] = walk_;
    return is_new;
  }

 private:
  std::vector<uint8_t> marks_;
  uint8_t walk_ = 0;
};

}  // namespace quiver::index
