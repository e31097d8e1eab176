#include "index/graph/node_order.h"

#include <algorithm>
#include <numeric>

namespace quiver::index {

std::vector<uint32_t> walk_order(const GraphView& graph) {
  std::vector<uint32_t> order;
  order.reserve(graph.row_count);
  std::vector<bool> met(graph.row_count, false);
  const auto meet = [&](uint32_t row) {
    if (met[row]) return;
    met[row] = true;
    order.push_back(row);
  };
  const size_t degree = size_t{2} * graph.m;
  uint32_t rest = 0;  // all rows before it are met
  if (graph.row_count != 0) meet(graph.entry_row);
  for (size_t at = 0; order.size() < graph.row_count;) {
    if (at == order.size()) {
      while (met[rest]) ++rest;
      meet(rest);
    }
    const auto list = graph.neighbors.subspan(order[at++] * degree, degree);
    for (size_t i = 0; i < degree && list[i] < graph.row_count; ++i) meet(list[i]);
  }
  return order;
}

GraphData renumbered(const GraphData& graph, const std::vector<uint32_t>& order) {
  const size_t degree = size_t{2} * graph.m;
  std::vector<uint32_t> number(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) number[order[i]] = i;
  GraphData result;
  result.m = graph.m;
  result.entry_row = number[graph.entry_row];
  result.neighbors.assign(graph.neighbors.size(), kNoRow);
  for (size_t i = 0; i < order.size(); ++i) {
    const uint32_t* list = &graph.neighbors[order[i] * degree];
    for (size_t j = 0; j < degree && list[j] != kNoRow; ++j) {
      result.neighbors[i * degree + j] = number[list[j]];
    }
  }
  for (const GraphData::UpperLevel& level : graph.upper) {
    // The nodes of a level are named by their position among its rows, which ascend.
    std::vector<uint32_t> by_row(level.rows.size());
    std::iota(by_row.begin(), by_row.end(), 0U);
    std::sort(by_row.begin(), by_row.end(), [&](uint32_t a, uint32_t b) {
      return number[level.rows[a]] < number[level.rows[b]];
    });
    std::vector<uint32_t> position(level.rows.size());
    for (uint32_t i = 0; i < by_row.size(); ++i) position[by_row[i]] = i;
    GraphData::UpperLevel& renamed = result.upper.emplace_back();
    for (const uint32_t node : by_row) {
      renamed.rows.push_back(number[level.rows[node]]);
      for (uint32_t j = 0; j < graph.m; ++j) {
        const uint32_t next = level.neighbors[size_t{node} * graph.m + j];
        renamed.neighbors.push_back(next == kNoRow ? kNoRow : position[next]);
      }
    }
  }
  return result;
}

}  // namespace quiver::index
