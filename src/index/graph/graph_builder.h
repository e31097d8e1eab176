#pragma once

#include <cstdint>
#include <memory>

#include "base/expected.h"
#include "index/graph/graph_layout.h"
#include "kernel/metric.h"

namespace quiver::index {

/// Builds a graph over a fixed number of rows with hnswlib: first every vector is set, then every
/// row is inserted, then the graph is taken. The graph is never searched while it is built.
///
/// hnswlib's `addPoint` draws levels from one unsynchronised generator and publishes a row before
/// its vector is written. Here the levels come from the row number, all rows exist before the first
/// insertion, and one lock is held at a time, so that `insert` is free of races and of lock cycles;
/// the searches, the pruning heuristic and the linking are hnswlib's own.
///
/// With one thread inserting 0, 1, 2, …, the graph is the same on every machine.
/// Source: HNSW, Malkov & Yashunin 2016, Alg. 1–4.
class GraphBuilder {
 public:
  /// `rows` ≥ 1, `dim` ≥ 1. OUT_OF_MEMORY if the rows do not fit.
  static Expected<std::unique_ptr<GraphBuilder>> create(const GraphParams& params, Metric metric,
                                                        uint32_t dim, uint32_t rows);
  ~GraphBuilder();
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;

  /// Copies a vector of `dim` floats, scaled by `scale` (1/‖v‖ under cosine, else 1).
  void set_vector(uint32_t row, const float* vector, float scale);

  /// Links the n-th row of an order that goes to and fro between first and last rows. Data often
  /// come sorted, one cluster after the other; linked in that order, clusters would hang together
  /// by few links, and walks would end in a wrong one. Safe for several threads with different n; 0
  /// goes first and alone.
  Expected<void> insert_nth(uint32_t n);

  /// The finished graph; every row is reachable from the entry. The builder is empty after this.
  GraphData finish();

 private:
  class Graph;
  GraphBuilder(std::unique_ptr<Graph> graph, uint32_t rows);

  std::unique_ptr<Graph> graph_;
  uint32_t rows_;
  uint32_t step_;
};

}  // namespace quiver::index
