// Graphs under other numbers are the same graphs.

#include "index/graph/node_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace quiver::index {
namespace {

/// Level 0 and one level above, with lists of any length that lead anywhere.
GraphData random_graph(uint32_t rows, uint32_t m) {
  std::mt19937 random{7};
  GraphData graph;
  graph.m = m;
  graph.neighbors.assign(size_t{rows} * 2 * m, kNoRow);
  for (uint32_t row = 0; row < rows; ++row) {
    for (uint32_t i = 0; i < random() % (2 * m + 1); ++i) {
      graph.neighbors[size_t{row} * 2 * m + i] = static_cast<uint32_t>(random() % rows);
    }
  }
  GraphData::UpperLevel& upper = graph.upper.emplace_back();
  for (uint32_t row = 0; row < rows; row += 3) upper.rows.push_back(row);
  upper.neighbors.assign(upper.rows.size() * m, kNoRow);
  for (size_t node = 0; node < upper.rows.size(); ++node) {
    upper.neighbors[node * m] = static_cast<uint32_t>(random() % upper.rows.size());
  }
  graph.entry_row = upper.rows.back();
  return graph;
}

TEST(NodeOrder, NamesEachRowOnceFromTheEntryOn) {
  constexpr uint32_t kRows = 5000;
  const GraphData graph = random_graph(kRows, 4);
  WalkOrder walk(graph.view());
  int steps = 1;
  while (!walk.step()) ++steps;
  EXPECT_GT(steps, 4);
  std::vector<uint32_t> order = walk.take();
  ASSERT_EQ(order.size(), kRows);
  EXPECT_EQ(order.front(), graph.entry_row);
  std::sort(order.begin(), order.end());
  for (uint32_t row = 0; row < kRows; ++row) ASSERT_EQ(order[row], row);
}

TEST(NodeOrder, RenumbersEveryListAndLevel) {
  constexpr uint32_t kRows = 5000;
  constexpr uint32_t kM = 4;
  const GraphData before = random_graph(kRows, kM);
  std::vector<uint32_t> order(kRows);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin() + 10, order.end(), std::mt19937{3});  // some stay where they are
  std::vector<uint32_t> number(kRows);
  for (uint32_t i = 0; i < kRows; ++i) number[order[i]] = i;

  GraphData after = before;
  Renumbering renumbering(after, order);
  int steps = 1;
  while (!renumbering.step()) ++steps;
  EXPECT_GT(steps, 4);
  EXPECT_EQ(after.entry_row, number[before.entry_row]);
  for (uint32_t row = 0; row < kRows; ++row) {
    for (uint32_t j = 0; j < 2 * kM; ++j) {
      const uint32_t next = before.neighbors[size_t{row} * 2 * kM + j];
      ASSERT_EQ(after.neighbors[size_t{number[row]} * 2 * kM + j],
                next == kNoRow ? kNoRow : number[next]);
    }
  }
  const GraphData::UpperLevel& level = after.upper[0];
  ASSERT_TRUE(std::is_sorted(level.rows.begin(), level.rows.end()));
  for (size_t node = 0; node < before.upper[0].rows.size(); ++node) {
    const uint32_t row = number[before.upper[0].rows[node]];
    const auto at = std::lower_bound(level.rows.begin(), level.rows.end(), row);
    ASSERT_TRUE(at != level.rows.end() && *at == row);
    const uint32_t next = level.neighbors[static_cast<size_t>(at - level.rows.begin()) * kM];
    EXPECT_EQ(level.rows[next], number[before.upper[0].rows[before.upper[0].neighbors[node * kM]]]);
  }
}

}  // namespace
}  // namespace quiver::index
