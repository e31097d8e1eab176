#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "index/graph/candidate_pool.h"
#include "index/graph/graph_steps.h"
#include "index/graph/walk.h"

namespace quiver::index {

/// Walks as those of Walk that can be gone on with: what one met and did not need is kept for a
/// wider one, so no row is measured twice. Holds some rows for each that was taken, and a bit a
/// row. The graph, the query and what is allowed are always the same, and so is which of the two
/// ways to walk.
template <typename Distance>
class ResumableWalk {
 public:
  /// Walks on until the nearest `ef` rows that can be met, taken ones among them, have been met;
  /// whether there are as many. `ef` is at least that of the walk before.
  template <typename Space>
  bool meet_all(GraphSteps<Space>& steps, WalkScratch<Distance>& scratch, size_t ef) {
    room_ = ef > taken_ ? ef - taken_ : 0;
    if (room_ == 0) return true;
    begin(steps);
    CandidatePool<Distance>& pool = scratch.pool;
    pool.clear(room_);
    for (const Met<Distance>& met : near_) pool.insert_expanded(met.distance, met.row);
    const auto drop = [&] {
      const auto [met, is_expanded] = pool.fallen();
      if (is_expanded) {
        push_nearest(spare_, met);
      } else {
        far_.push_back(met);
      }
    };
    while (!spare_.empty() && pool.takes(spare_.front().distance)) {
      const Met<Distance> met = pop_nearest(spare_);
      const bool was_full = pool.full();
      pool.insert_expanded(met.distance, met.row);
      if (was_full) drop();
    }
    const auto offer = [&](const Met<Distance>& met) {
      const bool was_full = pool.full();
      if (!pool.insert(met.distance, met.row)) return false;
      if (was_full) drop();
      return true;
    };
    while (far_heap_ != 0 && pool.takes(far_.front().distance)) offer(pop_far());
    const Marks visited = marks();
    for (uint32_t row; pool.next(row);) {
      const size_t count = steps.measure_new_neighbors(row, visited);
      size_t taken = 0;
      for (size_t i = 0; i < count; ++i) {
        const Met<Distance> met{scratch.distances[i], scratch.rows[i]};
        if (offer(met)) {
          scratch.rows[taken++] = met.row;
        } else if (is_number(met.distance)) {
          far_.push_back(met);
        }
      }
      for (size_t i = 0; i < taken; ++i) steps.prefetch_list(scratch.rows[i]);
    }
    near_.clear();
    for (size_t i = 0; i < pool.size(); ++i) near_.push_back(pool.at(i));
    return near_.size() == room_;
  }

  /// The same of the rows that `allows` says yes to. False also, and then it is not gone on with,
  /// if it would measure more than `budget` further rows and is not done.
  template <typename Space, typename Allows>
  bool meet_allowed(GraphSteps<Space>& steps, StepScratch<Distance>& scratch, size_t ef,
                    size_t budget, const Allows& allows) {
    room_ = ef > taken_ ? ef - taken_ : 0;
    if (room_ == 0) return true;
    begin(steps);
    std::make_heap(near_.begin(), near_.end());  // its farthest in front
    const auto is_near = [this](Distance distance) {
      return near_.size() < room_ || distance < near_.front().distance;
    };
    const auto keep = [this](const Met<Distance>& met) {
      near_.push_back(met);
      std::push_heap(near_.begin(), near_.end());
      if (near_.size() <= room_) return;
      std::pop_heap(near_.begin(), near_.end());
      push_nearest(spare_, near_.back());
      near_.pop_back();
    };
    const auto offer = [&](const Met<Distance>& met) {
      push_nearest(frontier_, met);
      if (allows(met.row)) keep(met);
    };
    while (!spare_.empty() && is_near(spare_.front().distance)) keep(pop_nearest(spare_));
    while (far_heap_ != 0 && is_near(far_.front().distance)) offer(pop_far());
    const Marks visited = marks();
    while (!frontier_.empty() && (near_.size() < room_ || !(near_.front() < frontier_.front()))) {
      const size_t count = steps.measure_new_neighbors(pop_nearest(frontier_).row, visited);
      if (count > budget) return false;
      budget -= count;
      for (size_t i = 0; i < count; ++i) {
        const Met<Distance> met{scratch.distances[i], scratch.rows[i]};
        if (!is_number(met.distance)) continue;
        if (is_near(met.distance)) {
          offer(met);
        } else {
          far_.push_back(met);
        }
      }
    }
    std::sort_heap(near_.begin(), near_.end());
    return near_.size() == room_;
  }

  /// Appends the nearest of those met that were not taken, until `count` have been taken in all;
  /// beyond that whatever is nearer than one that was taken, or, with `ties`, as near.
  void take(size_t count, bool ties, std::vector<uint32_t>& out) {
    size_t end = 0;
    for (; end < near_.size(); ++end) {
      const Distance distance = near_[end].distance;
      const bool is_late = taken_ != 0 && (distance < last_ || (ties && distance == last_));
      if (taken_ >= count && !is_late) break;
      last_ = taken_ == 0 ? distance : std::max(last_, distance);
      ++taken_;
      out.push_back(near_[end].row);
    }
    near_.erase(near_.begin(), near_.begin() + static_cast<ptrdiff_t>(end));
  }

 private:
  using Heap = std::vector<Met<Distance>>;

  /// As VisitedSet::Marks, of rows that there are.
  struct Marks {
    uint64_t* words;

    bool insert(uint32_t row) const {
      uint64_t& word = words[row / 64];
      const uint64_t bit = uint64_t{1} << (row % 64);
      const bool is_new = (word & bit) == 0;
      word |= bit;
      return is_new;
    }
  };
  [[nodiscard]] Marks marks() { return {visited_.data()}; }

  /// Before each walk: what it may start from is in far_ or was there.
  template <typename Space>
  void begin(GraphSteps<Space>& steps) {
    if (visited_.empty()) {
      visited_.resize(steps.rows() / 64 + 1);
      constexpr size_t kMetForEach = 8;  // as GraphIndex::plan
      far_.reserve(std::min<size_t>(room_ * kMetForEach, steps.rows()));
      const Met<Distance> start = steps.descend();
      marks().insert(start.row);
      if (is_number(start.distance)) far_.push_back(start);
    }
    while (far_heap_ < far_.size()) {
      ++far_heap_;
      std::push_heap(far_.begin(), far_.begin() + static_cast<ptrdiff_t>(far_heap_),
                     std::greater<>());
    }
  }

  static void push_nearest(Heap& heap, const Met<Distance>& met) {
    heap.push_back(met);
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  }
  static Met<Distance> pop_nearest(Heap& heap) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const Met<Distance> nearest = heap.back();
    heap.pop_back();
    return nearest;
  }
  Met<Distance> pop_far() {
    std::pop_heap(far_.begin(), far_.begin() + static_cast<ptrdiff_t>(far_heap_), std::greater<>());
    const Met<Distance> nearest = far_[--far_heap_];
    far_[far_heap_] = far_.back();
    far_.pop_back();
    return nearest;
  }

  std::vector<uint64_t> visited_;  // a bit a row
  /// Seen, and neither expanded nor asked for. A heap, its nearest in front, of so many; behind
  /// them those that came since the walk began: most of them no walk ever asks for.
  Heap far_;
  size_t far_heap_ = 0;
  Heap frontier_;  // with `allows`: seen to be near and not expanded; its nearest in front
  Heap near_;      // not taken, the nearest `room_` of them; nearest first
  Heap spare_;     // not taken, farther than those; its nearest in front
  size_t room_ = 0;
  size_t taken_ = 0;
  Distance last_ = 0;  // the farthest that was taken
};

}  // namespace quiver::index
