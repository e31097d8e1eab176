#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "index/code_block.h"
#include "index/graph/row_linker.h"
#include "index/nearest.h"

namespace quiver::index {

/// The memory of a graph that is being built: the levels of its rows and their lists, in
/// hnswlib's form. It is an hnswlib index (build_memory_hnswlib.cpp), but in WebAssembly, where
/// hnswlib would bring the standard library's streams and locales with it
/// (build_memory_plain.cpp).
class BuildMemory {
 public:
  /// For as many rows as there are codes, which are borrowed. Throws an exception where memory is
  /// short.
  BuildMemory(const CodeBlock& codes, uint32_t m);
  ~BuildMemory();
  BuildMemory(const BuildMemory&) = delete;
  BuildMemory& operator=(const BuildMemory&) = delete;

  /// Gives a row empty lists on levels 0 … `level`. Each row once, by any thread.
  void make_room(uint32_t row, uint32_t level);

  /// Of a row that has room.
  [[nodiscard]] uint32_t level(uint32_t row) const { return static_cast<uint32_t>(levels_[row]); }
  [[nodiscard]] const LinkLists& lists() const { return lists_; }

#ifndef __EMSCRIPTEN__
  /// The `k` rows nearest to a row's code by hnswlib's own search from `entry`, whose level is
  /// `top`, nearest first.
  [[nodiscard]] std::vector<Neighbor> search_with_hnswlib(uint32_t row, uint32_t k, uint32_t ef,
                                                          uint32_t entry, uint32_t top);
#endif

 private:
  class Index;

  std::unique_ptr<Index> index_;
  LinkLists lists_;
  const int* levels_ = nullptr;
};

}  // namespace quiver::index
