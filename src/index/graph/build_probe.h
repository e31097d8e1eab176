#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "index/code_block.h"
#include "index/graph/build_scratch.h"
#include "index/graph/row_linker.h"

namespace quiver::index {

/// Finds out, while a graph is built, how many candidates its rows need: the next rows that are to
/// be linked are asked for among those that are, and a narrow walk finds most of their neighbours
/// or not. Where it does, more candidates give no better graph; where it does not, searches need a
/// fifth less ef with twice as many, measured on word embeddings at recall 0.95 to 0.99.
class BuildProbe {
 public:
  /// Candidates for easy rows and for hard ones.
  static constexpr uint32_t kFew = 100;
  static constexpr uint32_t kMany = 200;

  /// Whether so many linked rows tell the one kind from the other: with fewer all are easy, with
  /// more it would have to be measured what recall is to be expected.
  static bool tells(size_t linked, size_t waiting) {
    return linked >= 4096 && linked <= 8192 && waiting >= kQueries;
  }

  /// `linked` rows are in the graph, and none of `waiting`, at least kQueries.
  BuildProbe(const CodeBlock& codes, std::vector<uint32_t> linked,
             std::span<const uint32_t> waiting)
      : codes_(codes), linked_(std::move(linked)), queries_(waiting.first(kQueries)) {}

  [[nodiscard]] uint32_t queries() const { return kQueries; }
  /// Asks for one. Any number of threads. `entry`, `top` as in RowLinker::choose().
  void ask(uint32_t query, const RowLinker& linker, uint32_t entry, uint32_t top,
           BuildScratch& scratch);
  /// Once all were asked.
  [[nodiscard]] uint32_t candidates() const;

 private:
  static constexpr uint32_t kQueries = 256;
  static constexpr uint32_t kTopK = 10;

  CodeBlock codes_;
  std::vector<uint32_t> linked_;
  std::span<const uint32_t> queries_;
  std::atomic<uint32_t> found_{0};
};

}  // namespace quiver::index
