#include "index/graph/link_order.h"

#include <algorithm>
#include <numeric>

#include "index/graph/reachability.h"

namespace quiver::index {
namespace {

/// A step that, taken `rows` times around a circle of rows, meets each once, and any number of
/// steps in a row spread evenly: near the golden section of the circle (Knuth, TAOCP 3, §6.4).
uint32_t step_through(uint32_t rows) {
  auto step = static_cast<uint32_t>(static_cast<double>(rows) * 0.6180339887498949);
  while (std::gcd(std::max(step, 1U), rows) != 1) ++step;
  return std::max(step, 1U);
}

/// Appends `rows` (ascending) in an order that goes to and fro.
void append_mixed(const std::vector<uint32_t>& rows, std::vector<uint32_t>& order) {
  if (rows.empty()) return;
  const auto count = static_cast<uint32_t>(rows.size());
  const uint64_t step = step_through(count);
  for (uint32_t n = 0; n < count; ++n) order.push_back(rows[n * step % count]);
}

/// An adopted row, of an upper level if there is one; row 0 if nothing is adopted.
uint32_t first_row(const GraphAdoption& adoption, const std::function<int(uint32_t)>& level_of) {
  uint32_t first = kNoRow;
  for (uint32_t row = 0; row < adoption.rows(); ++row) {
    if (!adoption.keeps(row)) continue;
    if (level_of(row) > 0) return row;
    if (first == kNoRow) first = row;
  }
  return first == kNoRow ? 0 : first;
}

std::vector<bool> unreached(const GraphAdoption& adoption, std::span<const uint32_t> lists,
                            uint32_t entry) {
  std::vector<bool> unreached(adoption.rows(), adoption.m() == 0);
  if (adoption.m() == 0) return unreached;
  GraphView view;
  view.row_count = adoption.rows();
  view.m = adoption.m();
  view.entry_row = entry;
  view.neighbors = lists;
  for (const uint32_t row : unreachable_rows(view)) unreached[row] = true;
  return unreached;
}

}  // namespace

LinkOrder link_order(const GraphAdoption& adoption, std::span<const uint32_t> lists,
                     const std::function<int(uint32_t)>& level_of) {
  LinkOrder order;
  order.entry = first_row(adoption, level_of);
  const size_t degree = size_t{2} * adoption.m();
  std::vector<bool> inserts = unreached(adoption, lists, order.entry);
  std::vector<uint32_t> rest;
  for (uint32_t row = 0; row < adoption.rows(); ++row) {
    if (row == order.entry) continue;
    if (adoption.keeps(row)) {
      const auto list = lists.subspan(row * degree, degree);
      const auto left =
          static_cast<uint32_t>(std::find(list.begin(), list.end(), kNoRow) - list.begin());
      const uint32_t before = adoption.old_degree(row);
      if (left * 4 < before) inserts[row] = true;
      if (left < before && !inserts[row] && level_of(row) == 0) order.mend.push_back(row);
    }
    if (inserts[row] || level_of(row) > 0) rest.push_back(row);
  }
  append_mixed(rest, order.insert);
  return order;
}

}  // namespace quiver::index
