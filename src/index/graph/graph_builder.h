#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/expected.h"
#include "index/code_block.h"
#include "index/graph/graph_adoption.h"
#include "index/graph/graph_layout.h"
#include "index/index.h"

namespace quiver::index {

/// Builds a graph over a fixed number of rows, by their codes. It can start from a finished graph
/// (GraphAdoption): then only rows that are new, have lost neighbours or are on upper levels need
/// linking.
///
/// Rows are linked in batches that grow with the graph. First each row of a batch chooses its
/// neighbours from the graph as it was before the batch, then each row that was chosen is linked to
/// those that chose it. So there are no locks on rows, and the graph is the same for any number of
/// threads, in any slices of time, on every machine. The graph lies in the memory of an hnswlib
/// index, and its levels, lists and heuristic are hnswlib's; the insertion is ours.
/// Source: HNSW, Malkov & Yashunin 2016, Alg. 1–4; batches: ParlayANN, Manohar et al. 2024; rows
/// that have lost neighbours are offered those behind them as in FreshDiskANN, Singh et al. 2021,
/// Alg. 4.
class GraphBuilder {
 public:
  /// At least one row, and a code for each, whose memory is borrowed; GraphAdoption(rows) begins
  /// from nothing. OUT_OF_MEMORY if the graph does not fit, INVALID_ARGUMENT if there are not as
  /// many codes as rows or the adopted graph has another M.
  static Expected<std::unique_ptr<GraphBuilder>> create(const GraphParams& params,
                                                        const CodeBlock& codes,
                                                        GraphAdoption adoption);
  ~GraphBuilder();
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;

  /// Makes room for rows, links them and takes the graph out of hnswlib's memory until all is done
  /// (true), or `goes_on` says no (false); it is asked before each step, which takes as long as one
  /// or two searches. For several threads at once; one that finds nothing to do waits for the
  /// others' steps. After an error nothing but the destructor is of use.
  Expected<bool> link(const std::function<bool()>& goes_on);

  /// How many rows need linking, at least 1, and how many of them have found their neighbours. Of
  /// an adopted graph it is all until the first of them is linked.
  [[nodiscard]] uint32_t to_link() const;
  [[nodiscard]] uint32_t linked() const;

#ifndef __EMSCRIPTEN__
  /// The `k` rows nearest to a row's code by hnswlib's own search over the graph as it is, nearest
  /// first: what other searches are held against. Once all is done.
  [[nodiscard]] std::vector<Neighbor> search_with_hnswlib(uint32_t row, uint32_t k, uint32_t ef);
#endif

  /// The finished graph, once all is done; every row is reachable from the entry. The builder is
  /// empty after this.
  GraphData finish();

 private:
  class Graph;
  explicit GraphBuilder(std::unique_ptr<Graph> graph);

  std::unique_ptr<Graph> graph_;
};

}  // namespace quiver::index
