#include "index/graph/node_order.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace quiver::index {
namespace {

/// Each of at most 128 numbers that lead anywhere.
constexpr uint32_t kListsAStep = 512;

}  // namespace

WalkOrder::WalkOrder(const GraphView& graph) : graph_(graph), met_(graph.row_count, false) {
  order_.reserve(graph_.row_count);
  if (graph_.row_count != 0) meet(graph_.entry_row);
}

void WalkOrder::meet(uint32_t row) {
  if (met_[row]) return;
  met_[row] = true;
  order_.push_back(row);
}

bool WalkOrder::step() {
  const size_t degree = size_t{2} * graph_.m;
  for (uint32_t i = 0; i < kListsAStep && order_.size() < graph_.row_count; ++i) {
    if (read_ == order_.size()) {
      while (met_[rest_]) ++rest_;
      meet(rest_);
    }
    const auto list = graph_.neighbors.subspan(order_[read_++] * degree, degree);
    for (size_t j = 0; j < degree && list[j] < graph_.row_count; ++j) meet(list[j]);
  }
  return order_.size() == graph_.row_count;
}

Renumbering::Renumbering(GraphData& graph, std::span<const uint32_t> order)
    : graph_(graph),
      order_(order),
      degree_(size_t{2} * graph.m),
      number_(order.size()),
      moved_(order.size(), false),
      set_aside_(degree_) {
  for (uint32_t i = 0; i < order_.size(); ++i) number_[order_[i]] = i;
  if (!order_.empty()) graph_.entry_row = number_[graph_.entry_row];
}

bool Renumbering::step() {
  for (uint32_t i = 0; i < kListsAStep; ++i) {
    while (!in_cycle_ && first_ < order_.size() && moved_[first_]) ++first_;
    if (first_ == order_.size()) {
      if (level_ < graph_.upper.size()) rename_level(graph_.upper[level_++]);
      return level_ == graph_.upper.size();
    }
    move_list();
  }
  return false;
}

/// Fills the free place of the cycle, which is begun where there is none.
void Renumbering::move_list() {
  if (!in_cycle_) {
    std::copy_n(&graph_.neighbors[first_ * degree_], degree_, set_aside_.begin());
    place_ = first_;
    in_cycle_ = true;
  }
  const uint32_t from = order_[place_];
  rename(from == first_ ? set_aside_.data() : &graph_.neighbors[from * degree_], place_);
  moved_[place_] = true;
  place_ = from;
  in_cycle_ = from != first_;
}

void Renumbering::rename(const uint32_t* from, uint32_t to) {
  std::transform(from, from + degree_, &graph_.neighbors[to * degree_],
                 [this](uint32_t row) { return row == kNoRow ? kNoRow : number_[row]; });
}

/// The nodes of a level are named by their position among its rows, which ascend.
void Renumbering::rename_level(GraphData::UpperLevel& level) const {
  std::vector<uint32_t> by_row(level.rows.size());
  std::iota(by_row.begin(), by_row.end(), 0U);
  std::sort(by_row.begin(), by_row.end(), [&](uint32_t a, uint32_t b) {
    return number_[level.rows[a]] < number_[level.rows[b]];
  });
  std::vector<uint32_t> position(level.rows.size());
  for (uint32_t i = 0; i < by_row.size(); ++i) position[by_row[i]] = i;
  GraphData::UpperLevel renamed;
  renamed.rows.reserve(level.rows.size());
  renamed.neighbors.reserve(level.neighbors.size());
  for (const uint32_t node : by_row) {
    renamed.rows.push_back(number_[level.rows[node]]);
    for (uint32_t j = 0; j < graph_.m; ++j) {
      const uint32_t next = level.neighbors[size_t{node} * graph_.m + j];
      renamed.neighbors.push_back(next == kNoRow ? kNoRow : position[next]);
    }
  }
  level = std::move(renamed);
}

}  // namespace quiver::index
