#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace quiver::index {

/// How an index came by the nearest rows.
enum class Way : uint8_t {
  kExactScan,     ///< all rows were measured by their vectors
  kSelectedScan,  ///< those that the filter takes were measured by their vectors
  kCodeScan,      ///< those that the filter takes were measured by their codes
  kWalk,          ///< a walk through the graph met them
};

/// What one search did, for who asks why it took so long.
struct SearchTrace {
  std::string why;            ///< this way was taken, in words
  bool gave_up_walk = false;  ///< a walk was begun, and in the end rows were measured in order
  uint64_t visited = 0;       ///< rows that a walk met on level 0, or that were gone through
  uint64_t distances = 0;     ///< measured on the way there
  uint64_t lists = 0;         ///< of neighbours that a walk followed
  uint64_t reranked = 0;      ///< rows of a walk or of codes that were measured again
  uint64_t bytes = 0;         ///< of codes, vectors and lists for all that
  std::chrono::nanoseconds reranking{0};
};

/// A space (see Walk) that counts what is measured in it, so that one that does not has nothing to
/// do with it.
template <typename Space>
struct CountedSpace {
  using Distance = typename Space::Distance;

  const Space& space;
  SearchTrace& trace;

  void measure(const uint32_t* rows, size_t count, Distance* out) const {
    space.measure(rows, count, out);
    trace.distances += count;
    ++trace.lists;
  }
};

}  // namespace quiver::index
