#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quiver::index {

/// Which rows a walk has seen. Clearing is O(1) but for every 65,535th time: a row is marked by the
/// number of the walk. One per thread.
class VisitedSet {
 public:
  /// Forgets every row and makes room for `rows`.
  void clear(size_t rows) {
    if (marks_.size() < rows) marks_.resize(rows, 0);
    if (++walk_ == 0) {
      std::fill(marks_.begin(), marks_.end(), uint16_t{0});
      walk_ = 1;
    }
  }

  /// Marks the row; whether it was new.
  bool insert(uint32_t row) {
    if (marks_[row] == walk_) return false;
    marks_[row] = walk_;
    return true;
  }

 private:
  std::vector<uint16_t> marks_;
  uint16_t walk_ = 0;
};

}  // namespace quiver::index
