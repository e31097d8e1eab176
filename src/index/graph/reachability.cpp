#include "index/graph/reachability.h"

#include <algorithm>

namespace quiver::index {

std::vector<uint32_t> unreachable_rows(const GraphView& graph) {
  std::vector<uint32_t> missing;
  if (graph.row_count == 0) return missing;
  Flood flood(graph.row_count, FixedLists{graph.neighbors.data(), size_t{2} * graph.m});
  flood.begin_at(graph.entry_row);
  while (!flood.step([](uint32_t, size_t, uint32_t) {})) continue;
  for (uint32_t row = 0; row < graph.row_count; ++row) {
    if (!flood.reached(row)) missing.push_back(row);
  }
  return missing;
}

RowReaching::RowReaching(GraphData& graph)
    : graph_(graph),
      degree_(size_t{2} * graph.m),
      rows_(static_cast<uint32_t>(graph.neighbors.size() / degree_)),
      flood_(rows_, FixedLists{graph.neighbors.data(), degree_}),
      needed_(graph.neighbors.size(), false) {
  flood_.begin_at(graph.entry_row);
}

bool RowReaching::step() {
  const auto need = [this](uint32_t row, size_t place, uint32_t) {
    needed_[row * degree_ + place] = true;
  };
  if (!flood_.step(need)) return false;
  constexpr uint32_t kRowsAStep = 65536;
  const uint32_t end = next_ + std::min(kRowsAStep, rows_ - next_);
  while (next_ < end && flood_.reached(next_)) ++next_;
  if (next_ < end) link(next_);
  return next_ == rows_;
}

size_t RowReaching::spare_place(uint32_t row) const {
  const size_t list = row * degree_;
  size_t spare = kNone;
  for (size_t at = list; at < list + degree_; ++at) {
    if (graph_.neighbors[at] == kNoRow) return at;
    if (!needed_[at]) spare = at;
  }
  return spare;
}

void RowReaching::link(uint32_t row) {
  size_t place = kNone;
  for (size_t at = row * degree_; at < (row + 1) * degree_ && place == kNone; ++at) {
    const uint32_t near = graph_.neighbors[at];
    if (near == kNoRow) break;
    if (flood_.reached(near)) place = spare_place(near);
  }
  // There is always one: the links that are needed are fewer than the rows reached.
  while (place == kNone) {
    if (flood_.reached(any_)) place = spare_place(any_);
    if (place == kNone) any_ = (any_ + 1) % rows_;
  }
  graph_.neighbors[place] = row;
  needed_[place] = true;
  flood_.begin_at(row);
}

}  // namespace quiver::index
