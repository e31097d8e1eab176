#include "index/graph/reachability.h"

#include <optional>

namespace quiver::index {
namespace {

/// What a flood over level 0 has reached, and by which links it came there: those must stay.
class Flood {
 public:
  Flood(uint32_t rows, size_t degree)
      : degree_(degree), reached_(rows, false), needed_(rows * degree, false) {}

  [[nodiscard]] bool reached(uint32_t row) const { return reached_[row]; }

  /// Goes on from `row`, which something leads to.
  void from(uint32_t row, std::span<const uint32_t> neighbors) {
    reached_[row] = true;
    queue_.push_back(row);
    while (!queue_.empty()) {
      const size_t list = queue_.back() * degree_;
      queue_.pop_back();
      for (size_t at = list; at < list + degree_ && neighbors[at] != kNoRow; ++at) {
        const uint32_t next = neighbors[at];
        if (reached_[next]) continue;
        reached_[next] = true;
        needed_[at] = true;
        queue_.push_back(next);
      }
    }
  }

  /// The place in a reached row's list where another link can go: a free one, else the last that
  /// is not needed.
  [[nodiscard]] std::optional<size_t> spare_place(uint32_t row,
                                                  std::span<const uint32_t> neighbors) const {
    const size_t list = row * degree_;
    std::optional<size_t> spare;
    for (size_t at = list; at < list + degree_; ++at) {
      if (neighbors[at] == kNoRow) return at;
      if (!needed_[at]) spare = at;
    }
    return spare;
  }

  void need(size_t place) { needed_[place] = true; }

 private:
  size_t degree_;
  std::vector<bool> reached_;
  std::vector<bool> needed_;  // per place of a list
  std::vector<uint32_t> queue_;
};

}  // namespace

std::vector<uint32_t> unreachable_rows(const GraphView& graph) {
  std::vector<uint32_t> missing;
  if (graph.row_count == 0) return missing;
  Flood flood(graph.row_count, size_t{2} * graph.m);
  flood.from(graph.entry_row, graph.neighbors);
  for (uint32_t row = 0; row < graph.row_count; ++row) {
    if (!flood.reached(row)) missing.push_back(row);
  }
  return missing;
}

void link_unreachable_rows(GraphData& graph) {
  const size_t degree = size_t{2} * graph.m;
  const auto rows = static_cast<uint32_t>(graph.neighbors.size() / degree);
  if (rows == 0) return;
  Flood flood(rows, degree);
  flood.from(graph.entry_row, graph.neighbors);
  // Where a place was found when no row near had one. There is always one: the links that are
  // needed are fewer than the rows reached.
  uint32_t any = 0;
  for (uint32_t row = 0; row < rows; ++row) {
    if (flood.reached(row)) continue;
    std::optional<size_t> place;
    for (size_t at = row * degree; at < (row + 1) * degree && !place; ++at) {
      const uint32_t near = graph.neighbors[at];
      if (near == kNoRow) break;
      if (flood.reached(near)) place = flood.spare_place(near, graph.neighbors);
    }
    while (!place) {
      if (flood.reached(any)) place = flood.spare_place(any, graph.neighbors);
      if (!place) any = (any + 1) % rows;
    }
    graph.neighbors[*place] = row;
    flood.need(*place);
    flood.from(row, graph.neighbors);
  }
}

}  // namespace quiver::index
