#pragma once

#include <cstdint>
#include <memory>

#include "base/expected.h"
#include "index/graph/graph_adoption.h"
#include "index/graph/graph_layout.h"
#include "index/graph/link_order.h"
#include "kernel/metric.h"

namespace quiver::index {

/// Builds a graph over a fixed number of rows with hnswlib: first every vector is set, then every
/// row is linked, then the graph is taken. The graph is never searched while it is built. It can
/// start from a finished graph (GraphAdoption): then only rows that are new, have lost neighbours
/// or are on upper levels need linking.
///
/// hnswlib's `addPoint` draws levels from one unsynchronised generator and publishes a row before
/// its vector is written. Here the levels come from the row number, all rows exist before the first
/// insertion, and one lock is held at a time, so that `link_nth` is free of races and of lock
/// cycles; the searches, the pruning heuristic and the linking are hnswlib's own.
///
/// With one thread linking 0, 1, 2, …, the graph is the same on every machine.
/// Source: HNSW, Malkov & Yashunin 2016, Alg. 1–4; rows that have lost neighbours are offered those
/// behind them as in FreshDiskANN, Singh et al. 2021, Alg. 4.
class GraphBuilder {
 public:
  /// At least one row, `dim` ≥ 1; GraphAdoption(rows) begins from nothing. OUT_OF_MEMORY if the
  /// rows do not fit, INVALID_ARGUMENT if the adopted graph has another M.
  static Expected<std::unique_ptr<GraphBuilder>> create(const GraphParams& params, Metric metric,
                                                        uint32_t dim, GraphAdoption adoption);
  ~GraphBuilder();
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;

  /// Copies a vector of `dim` floats, scaled by `scale` (1/‖v‖ under cosine, else 1).
  void set_vector(uint32_t row, const float* vector, float scale);

  /// How many rows need linking, at least 1.
  [[nodiscard]] uint32_t to_link() const;

  /// Links the n-th of them. Safe for several threads with different n; 0 goes first and alone.
  Expected<void> link_nth(uint32_t n);

  /// The finished graph; every row is reachable from the entry. The builder is empty after this.
  GraphData finish();

 private:
  class Graph;
  explicit GraphBuilder(std::unique_ptr<Graph> graph);

  std::unique_ptr<Graph> graph_;
  LinkOrder order_;
};

}  // namespace quiver::index
