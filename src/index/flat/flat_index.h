#pragma once

#include "index/index.h"

namespace quiver::index {

class NearestRows;

/// Exact search: measures every row, or every one that a filter takes. The blocks are borrowed and
/// outlive the index.
class FlatIndex final : public VectorIndex {
 public:
  FlatIndex(Metric metric, uint32_t dim, std::vector<VectorBlock> blocks)
      : metric_(metric), dim_(dim), blocks_(std::move(blocks)) {}

  [[nodiscard]] std::string_view kind() const override { return "flat"; }
  Way search(const SearchRequest& request, std::vector<Neighbor>& out) const override;

 private:
  void search_selected(const SearchRequest& request, const VectorBlock& block,
                       NearestRows& nearest) const;

  Metric metric_;
  uint32_t dim_;
  std::vector<VectorBlock> blocks_;
};

}  // namespace quiver::index
