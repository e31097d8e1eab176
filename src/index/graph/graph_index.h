#pragma once

#include "index/code_block.h"
#include "index/flat/flat_index.h"
#include "index/graph/graph_layout.h"
#include "index/index.h"

namespace quiver::index {

/// Approximate search: a best-first walk over a finished graph, keeping the nearest `ef` rows met.
/// Where there are codes, the walk goes by them, and the best of those rows are measured again.
/// Returns min(k, allowed rows) rows whatever is deleted or filtered: where the graph is no shorter
/// way than measuring every row (few rows, a large ef, a filter that few rows pass), it measures
/// them all. Source: HNSW, Malkov & Yashunin 2016, Alg. 2 and 5; pool and prefetching as in
/// pyglass.
class GraphIndex final : public VectorIndex {
 public:
  /// The memory of all three is borrowed and outlives the index. `codes` may have none
  /// (codes.codes is null); its kernel is not used, since each query brings its own. The graph and
  /// the codes may hold anything, as a damaged file does: then some rows are not found, and nothing
  /// worse.
  GraphIndex(Metric metric, uint32_t dim, VectorBlock block, CodeBlock codes, GraphView graph)
      : metric_(metric),
        dim_(dim),
        block_(block),
        codes_(codes),
        graph_(std::move(graph)),
        flat_(metric, dim, {block}) {}

  [[nodiscard]] std::string_view kind() const override { return "graph"; }
  void search(const SearchRequest& request, std::vector<Neighbor>& out) const override;

  [[nodiscard]] const FlatIndex& flat() const { return flat_; }
  [[nodiscard]] const GraphView& graph() const { return graph_; }

 private:
  template <typename Space>
  bool search_in(const Space& space, const SearchRequest& request,
                 std::vector<Neighbor>& out) const;
  void measure(const SearchRequest& request, std::vector<uint32_t>& rows,
               std::vector<Neighbor>& out) const;

  Metric metric_;
  uint32_t dim_;
  VectorBlock block_;
  CodeBlock codes_;
  GraphView graph_;
  FlatIndex flat_;
};

}  // namespace quiver::index
