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
/// With one thread inserting the rows in order, the graph is the same on every machine.
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

  /// Links a row into the graph. Safe for several threads with different rows; row 0 goes first and
  /// alone.
  Expected<void> insert(uint32_t row);

  /// The finished graph; every row is reachable from the entry. The builder is empty after this.
  GraphData finish();

 private:
  class Graph;
  explicit GraphBuilder(std::unique_ptr<Graph> graph);

  std::unique_ptr<Graph> graph_;
};

}  // namespace quiver::index
