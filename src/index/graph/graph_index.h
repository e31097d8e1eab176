#pragma once

#include "index/flat/flat_index.h"
#include "index/graph/graph_layout.h"
#include "index/index.h"

namespace quiver::index {

/// Approximate search: a best-first walk over a finished graph, keeping the nearest `ef` rows met.
/// Returns min(k, allowed rows) rows whatever is deleted or filtered: where the graph is no shorter
/// way than measuring every row (few rows, a large ef, a filter that few rows pass), it measures
/// them all. Source: HNSW, Malkov & Yashunin 2016, Alg. 2 and 5; pool and prefetching as in
/// pyglass.
class GraphIndex final : public VectorIndex {
 public:
  /// The graph's and the block's memory is borrowed and outlives the index. It may hold anything,
  /// as a damaged file does: then some rows are not found, and nothing worse.
  GraphIndex(Metric metric, uint32_t dim, VectorBlock block, GraphView graph)
      : metric_(metric),
        dim_(dim),
        block_(block),
        graph_(std::move(graph)),
        flat_(metric, dim, {block}) {}

  [[nodiscard]] std::string_view kind() const override { return "graph"; }
  void search(const SearchRequest& request, std::vector<Neighbor>& out) const override;

  [[nodiscard]] const FlatIndex& flat() const { return flat_; }
  [[nodiscard]] const GraphView& graph() const { return graph_; }

 private:
  struct Walk;

  [[nodiscard]] Neighbor descend(const Walk& walk) const;
  void walk_all(Walk& walk, const SearchRequest& request, std::vector<Neighbor>& out) const;
  bool walk_allowed(Walk& walk, const SearchRequest& request, std::vector<Neighbor>& out) const;
  size_t measure_new_neighbors(Walk& walk, uint32_t row) const;

  Metric metric_;
  uint32_t dim_;
  VectorBlock block_;
  GraphView graph_;
  FlatIndex flat_;
};

}  // namespace quiver::index
