#include "index/graph/graph_adoption.h"

#include <algorithm>
#include <utility>

namespace quiver::index {

GraphAdoption::GraphAdoption(GraphView graph, std::vector<uint32_t> new_rows, uint32_t rows)
    : graph_(std::move(graph)), new_rows_(std::move(new_rows)), old_rows_(rows, kNoRow) {
  for (uint32_t old = 0; old < graph_.row_count; ++old) {
    if (new_rows_[old] != kNoRow) old_rows_[new_rows_[old]] = old;
  }
}

/// The neighbours of a row of the graph, by the graph's own numbers.
template <typename Visit>
void GraphAdoption::visit(uint32_t old_row, Visit visit) const {
  const size_t degree = size_t{2} * graph_.m;
  for (const uint32_t next : graph_.neighbors.subspan(old_row * degree, degree)) {
    if (next >= graph_.row_count) return;
    // hnswlib refuses a row that is its own neighbour.
    if (next != old_row) visit(next);
  }
}

uint32_t GraphAdoption::copy_list(uint32_t row, uint32_t* out) const {
  uint32_t count = 0;
  visit(old_rows_[row], [&](uint32_t next) {
    if (new_rows_[next] != kNoRow) out[count++] = new_rows_[next];
  });
  return count;
}

uint32_t GraphAdoption::old_degree(uint32_t row) const {
  uint32_t count = 0;
  visit(old_rows_[row], [&](uint32_t) { ++count; });
  return count;
}

std::vector<uint32_t> GraphAdoption::beyond_dropped(uint32_t row) const {
  std::vector<uint32_t> beyond;
  visit(old_rows_[row], [&](uint32_t next) {
    if (new_rows_[next] != kNoRow) return;
    visit(next, [&](uint32_t after) {
      const uint32_t kept = new_rows_[after];
      if (kept != kNoRow && kept != row) beyond.push_back(kept);
    });
  });
  std::sort(beyond.begin(), beyond.end());
  beyond.erase(std::unique(beyond.begin(), beyond.end()), beyond.end());
  return beyond;
}

}  // namespace quiver::index
