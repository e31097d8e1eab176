#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "index/index.h"

namespace quiver::index {

/// Keeps the k nearest rows offered to it. At equal distance the row that `rules` puts first wins,
/// and `rules->allows` is asked only for rows that would enter.
class NearestRows {
 public:
  NearestRows(const SearchRequest& request, std::vector<Neighbor>& storage)
      : request_(request), heap_(storage) {
    heap_.clear();
  }

  [[nodiscard]] bool full() const { return heap_.size() >= request_.k; }

  /// Rows farther than this cannot enter.
  [[nodiscard]] float limit() const {
    return full() ? heap_.front().distance : std::numeric_limits<float>::infinity();
  }

  void offer(Neighbor candidate) {
    // A distance that is no number has no place in an order; only a damaged file has such.
    if (std::isnan(candidate.distance)) return;
    if (full() && !closer(candidate, heap_.front())) return;
    if (!request_.allows_all && !request_.rules->allows(candidate.row)) return;
    const auto order = [this](const Neighbor& a, const Neighbor& b) { return closer(a, b); };
    if (full()) {
      std::pop_heap(heap_.begin(), heap_.end(), order);
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::push_heap(heap_.begin(), heap_.end(), order);
  }

  /// Sorts what was kept, nearest first. The object is not used after this.
  void finish() {
    std::sort(heap_.begin(), heap_.end(),
              [this](const Neighbor& a, const Neighbor& b) { return closer(a, b); });
  }

 private:
  [[nodiscard]] bool closer(const Neighbor& a, const Neighbor& b) const {
    if (a.distance != b.distance) return a.distance < b.distance;
    return a.row != b.row && request_.rules->before(a.row, b.row);
  }

  const SearchRequest& request_;
  std::vector<Neighbor>& heap_;  // the farthest kept row is in front
};

}  // namespace quiver::index
