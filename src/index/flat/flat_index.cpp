#include "index/flat/flat_index.h"

#include <array>

#include "index/nearest.h"
#include "kernel/dispatch.h"

namespace quiver::index {

void FlatIndex::search(const SearchRequest& request, std::vector<Neighbor>& out) const {
  constexpr uint32_t kStep = 256;
  const auto measure = kernel::batch_distance(kernel::active(), metric_);
  std::array<float, kStep> distances;
  NearestRows nearest(request, out);
  for (const VectorBlock& block : blocks_) {
    for (uint32_t start = 0; start < block.rows; start += kStep) {
      const uint32_t count = std::min(kStep, block.rows - start);
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
}

}  // namespace quiver::index
