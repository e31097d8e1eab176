#include "index/graph/link_order.h"

#include <algorithm>
#include <numeric>

namespace quiver::index {
namespace {

/// A step that, taken `rows` times around a circle of rows, meets each once, and any number of
/// steps in a row spread evenly: near the golden section of the circle (Knuth, TAOCP 3, §6.4).
uint32_t step_through(uint32_t rows) {
  auto step = static_cast<uint32_t>(static_cast<double>(rows) * 0.6180339887498949);
  while (std::gcd(std::max(step, 1U), rows) != 1) ++step;
  return std::max(step, 1U);
}

/// Rows that a step looks at.
constexpr uint32_t kRowsAStep = 2048;

}  // namespace

LinkOrdering::LinkOrdering(const GraphAdoption& adoption, const LinkLists& lists, LevelOf level_of)
    : adoption_(adoption),
      lists_(lists),
      level_of_(std::move(level_of)),
      flood_(adoption.rows(), Level0{&lists}) {
  if (adoption_.m() == 0) return;
  order_.entry = first_row();
  flood_.begin_at(order_.entry);
}

/// An adopted row, of an upper level if there is one; row 0 if none is left.
uint32_t LinkOrdering::first_row() const {
  uint32_t first = kNoRow;
  for (uint32_t row = 0; row < adoption_.rows(); ++row) {
    if (!adoption_.keeps(row)) continue;
    if (level_of_(row) > 0) return row;
    if (first == kNoRow) first = row;
  }
  return first == kNoRow ? 0 : first;
}

bool LinkOrdering::step() {
  if (!flood_.step([](uint32_t, size_t, uint32_t) {})) return false;
  if (next_ < adoption_.rows()) {
    const uint32_t end = next_ + std::min(kRowsAStep, adoption_.rows() - next_);
    for (; next_ < end; ++next_) look_at(next_);
    return false;
  }
  order_.insert.reserve(rest_.size());
  const size_t end = std::min(rest_.size(), order_.insert.size() + kRowsAStep);
  const auto count = static_cast<uint32_t>(rest_.size());
  const uint64_t step = step_through(count);
  for (uint64_t n = order_.insert.size(); n < end; ++n) {
    order_.insert.push_back(rest_[n * step % count]);
  }
  return end == rest_.size();
}

void LinkOrdering::look_at(uint32_t row) {
  if (row == order_.entry) return;
  bool inserts = !flood_.reached(row);
  if (adoption_.keeps(row)) {
    const auto left = static_cast<uint32_t>(lists_.rows(row, 0).size());
    const uint32_t before = adoption_.old_degree(row);
    if (left * 4 < before) inserts = true;
    if (left < before && !inserts && level_of_(row) == 0) order_.mend.push_back(row);
  }
  if (inserts || level_of_(row) > 0) rest_.push_back(row);
}

}  // namespace quiver::index
