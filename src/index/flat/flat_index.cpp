#include "index/flat/flat_index.h"

#include <algorithm>
#include <array>
#include <span>

#include "index/nearest.h"
#include "kernel/dispatch.h"

namespace quiver::index {

namespace {

constexpr uint32_t kAtOnce = 256;

}  // namespace

Way FlatIndex::search(const SearchRequest& request, std::vector<Neighbor>& out) const {
  const auto measure = kernel::batch_distance(kernel::active(), metric_);
  std::array<float, kAtOnce> distances;
  NearestRows nearest(request, out);
  for (const VectorBlock& block : blocks_) {
    if (request.selection != nullptr) {
      search_selected(request, block, nearest);
      continue;
    }
    for (uint32_t start = 0; start < block.rows; start += kAtOnce) {
      const uint32_t count = std::min(kAtOnce, block.rows - start);
      measure(request.query, block.vectors + size_t{start} * dim_,
              block.inv_norms == nullptr ? nullptr : block.inv_norms + start, nullptr, count, dim_,
              distances.data());
      const float limit = nearest.limit();
      for (uint32_t i = 0; i < count; ++i) {
        if (distances[i] <= limit) nearest.offer({distances[i], block.first_row + start + i});
      }
    }
  }
  nearest.finish();
  const bool is_selected = request.selection != nullptr;
  if (request.trace != nullptr) {
    uint64_t rows = 0;
    for (const VectorBlock& block : blocks_) rows += block.rows;
    if (is_selected) rows = request.selection->count;
    request.trace->visited += rows;
    request.trace->distances += rows;
    request.trace->bytes += rows * dim_ * sizeof(float);
  }
  return is_selected ? Way::kSelectedScan : Way::kExactScan;
}

/// The rows of one block that a filter takes.
void FlatIndex::search_selected(const SearchRequest& request, const VectorBlock& block,
                                NearestRows& nearest) const {
  const auto measure = kernel::batch_distance(kernel::active(), metric_);
  std::array<float, kAtOnce> distances;
  request.selection->rows.for_each_some<kAtOnce>([&](std::span<uint32_t> rows) {
    const auto inside = std::remove_if(rows.begin(), rows.end(), [&block](uint32_t row) {
      return row < block.first_row || row - block.first_row >= block.rows;
    });
    const auto count = static_cast<size_t>(inside - rows.begin());
    for (uint32_t& row : rows.first(count)) row -= block.first_row;
    measure(request.query, block.vectors, block.inv_norms, rows.data(), count, dim_,
            distances.data());
    for (size_t i = 0; i < count; ++i) nearest.offer({distances[i], block.first_row + rows[i]});
  });
}

}  // namespace quiver::index
