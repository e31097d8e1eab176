#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/scratch.h"

namespace quiver::index {

/// Which rows a walk has seen. A row is marked by the number of the walk, in a byte, because how
/// much of the marks stays in the cache is what counts. Before a number comes again all marks have
/// to be erased: each walk erases its share of them, so that none takes much longer than others.
/// One per thread.
class VisitedSet {
 public:
  /// Forgets every row and makes room for `rows`.
  void clear(size_t rows) {
    most_ = std::max(most_, rows);
    if (marks_.size() < rows) {
      make(rows);
    } else if (walk_ == kWalks) {
      end_round();
      most_ = rows;
    }
    const size_t begin = share(walk_);
    ++walk_;
    std::fill(marks_.begin() + begin, marks_.begin() + share(walk_), uint8_t{0});
  }

  /// The marks of the walk, as values that a compiler keeps in registers: a mark that is stored
  /// could, for all it knows, be a part of this object. Until the next clear().
  class Marks {
   public:
    Marks(uint8_t* marks, uint8_t walk) : marks_(marks), walk_(walk) {}

    /// Marks the row; whether it was new.
    bool insert(uint32_t row) const {
      // Without a branch: nobody can foretell which rows are new.
      const bool is_new = marks_[row] != walk_;
      marks_[row] = walk_;
      return is_new;
    }

   private:
    uint8_t* marks_;
    uint8_t walk_;
  };
  [[nodiscard]] Marks marks() { return {marks_.data(), walk_}; }

  /// Marks the row; whether it was new.
  bool insert(uint32_t row) { return marks().insert(row); }

  /// How many of the rows are marked; it takes a look at each.
  [[nodiscard]] size_t count() const {
    return static_cast<size_t>(std::count(marks_.begin(), marks_.end(), walk_));
  }

  /// Bytes of memory.
  [[nodiscard]] size_t bytes() const { return marks_.capacity(); }

 private:
  static constexpr uint8_t kWalks = 255;  // of a round

  void make(size_t rows) {
    std::vector<uint8_t>().swap(marks_);
    walk_ = 0;
    marks_.resize(rows, 0);
  }

  /// Frees what no walk of the round had a use for.
  void end_round() {
    if (is_wasteful(marks_, most_)) make(most_);
    walk_ = 0;
  }

  /// Where the share of a walk of the round begins.
  [[nodiscard]] ptrdiff_t share(uint8_t walk) const {
    return static_cast<ptrdiff_t>(uint64_t{marks_.size()} * walk / kWalks);
  }

  std::vector<uint8_t> marks_;
  uint8_t walk_ = 0;
  size_t most_ = 0;  // rows of a walk of this round
};

}  // namespace quiver::index
