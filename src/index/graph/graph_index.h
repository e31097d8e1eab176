#pragma once

#include <string>

#include "index/code_block.h"
#include "index/flat/flat_index.h"
#include "index/graph/graph_layout.h"
#include "index/index.h"

namespace quiver::index {

struct CodeSpace;
struct GraphCursor;
template <typename Distance>
class ResumableWalk;
struct VectorSpace;
class VisitedSet;

/// Approximate search: a best-first walk over a finished graph, keeping the nearest `ef` rows met.
/// Where there are codes, the walk goes by them, and the best of those rows are measured again.
/// Returns min(k, allowed rows) rows whatever is deleted or filtered: where the graph is no shorter
/// way than measuring every row that a filter takes (few rows, a large ef), or turns out not to be
/// (those near the query are not taken), it measures them all: the codes, if there are. Source:
/// HNSW, Malkov & Yashunin 2016, Alg. 2 and 5; pool and prefetching as in pyglass.
class GraphIndex final : public VectorIndex {
 public:
  /// Without codes: walks read the vectors. The memory of all is borrowed and outlives the index.
  /// It may hold anything, as a damaged file does: then some rows are not found, and nothing worse.
  GraphIndex(Metric metric, uint32_t dim, VectorBlock block, GraphView graph)
      : GraphIndex(metric, dim, block, {}, {}, std::move(graph)) {}

  /// The rows of the graph and of the codes are nodes, an order of their own: node n is row
  /// `node_rows[n]` of the block. The kernel of the codes is not used, since each query brings its
  /// own.
  GraphIndex(Metric metric, uint32_t dim, VectorBlock block, CodeBlock codes,
             std::span<const uint32_t> node_rows, GraphView graph)
      : metric_(metric),
        dim_(dim),
        block_(block),
        codes_(codes),
        node_rows_(node_rows),
        graph_(std::move(graph)),
        flat_(metric, dim, {block}) {}

  [[nodiscard]] std::string_view kind() const override { return "graph"; }
  Way search(const SearchRequest& request, std::vector<Neighbor>& out) const override;

  /// Searches in pieces: appends rows to `out`, with their distances and in no order, so that all
  /// that were appended so far are what a search with the k and the ef of this request finds, and
  /// a few more. Both are at least those of the request before, and the rest of it is the same;
  /// `cursor` is new at first. False, and then the cursor is of no more use, where search() would
  /// not find by a walk what it finds.
  bool search_on(GraphCursor& cursor, const SearchRequest& request,
                 std::vector<Neighbor>& out) const;

  [[nodiscard]] const FlatIndex& flat() const { return flat_; }
  [[nodiscard]] const GraphView& graph() const { return graph_; }
  /// Empty: nodes are rows.
  [[nodiscard]] std::span<const uint32_t> node_rows() const { return node_rows_; }

 private:
  struct Plan {
    bool walks;     ///< else rows are measured in order
    size_t budget;  ///< of rows that a walk measures until that was the shorter way after all
    size_t width;   ///< rows that a walk has in mind at most, where not all may be results
  };

  [[nodiscard]] Plan plan(const SearchRequest& request) const;
  [[nodiscard]] std::string reason(const SearchRequest& request, const Plan& plan) const;
  [[nodiscard]] uint32_t row_of(uint32_t node) const;
  template <typename Space>
  bool walk(const Space& space, const SearchRequest& request, std::vector<Neighbor>& out) const;
  template <typename Space>
  bool traced_walk(const Space& space, size_t row_bytes, const SearchRequest& request,
                   std::vector<Neighbor>& out) const;
  template <typename Space>
  bool walk_on(const Space& space, ResumableWalk<typename Space::Distance>& walk,
               const SearchRequest& request, std::vector<Neighbor>& out) const;
  void scan(const CodeSpace& space, const SearchRequest& request, std::vector<Neighbor>& out) const;
  template <typename Distance, typename At>
  bool take(const SearchRequest& request, size_t size, const At& at, VisitedSet& visited,
            std::vector<Neighbor>& out) const;
  void measure(const SearchRequest& request, std::vector<uint32_t>& rows,
               std::vector<Neighbor>& out) const;
  [[nodiscard]] std::span<const float> distances(const SearchRequest& request,
                                                 std::span<const uint32_t> rows) const;
  [[nodiscard]] CodeSpace code_space(const SearchRequest& request) const;
  [[nodiscard]] VectorSpace vector_space(const SearchRequest& request) const;

  Metric metric_;
  uint32_t dim_;
  VectorBlock block_;
  CodeBlock codes_;
  std::span<const uint32_t> node_rows_;
  GraphView graph_;
  FlatIndex flat_;
};

}  // namespace quiver::index
