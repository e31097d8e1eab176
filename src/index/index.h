#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "index/selection.h"
#include "index/trace.h"
#include "kernel/metric.h"
#include "kernel/table.h"

namespace quiver::index {

/// A row and its distance to the query; smaller is closer.
struct Neighbor {
  float distance;
  uint32_t row;
};

/// Contiguous vectors, row-major: `rows × dim` floats, the first being row `first_row` of its
/// owner. `inv_norms` has one entry a row under cosine and is null otherwise.
struct VectorBlock {
  const float* vectors = nullptr;
  const float* inv_norms = nullptr;
  uint32_t first_row = 0;
  uint32_t rows = 0;
};

/// What a search needs to know about the rows beside their vectors.
class RowRules {
 public:
  virtual ~RowRules() = default;

  /// Whether the row may be a result. Called only for rows that would enter the results.
  [[nodiscard]] virtual bool allows(uint32_t row) const = 0;

  /// A total order for rows at equal distance (by id), so that ties are settled the same
  /// everywhere.
  [[nodiscard]] virtual bool before(uint32_t a, uint32_t b) const = 0;
};

/// A query as a code, for an index that has codes of its rows.
struct CodeQuery {
  const uint8_t* code = nullptr;
  const kernel::CodeKernel* kernel = nullptr;
  bool is_exact = false;  ///< codes rank as vectors do: only ties need measuring
};

/// One search of one index.
struct SearchRequest {
  const float* query = nullptr;  ///< `dim` floats; a unit vector (or zero) under cosine
  CodeQuery code;                ///< the same as a code, where the index has codes
  uint32_t k = 10;               ///< how many neighbours to find, ≥ 1
  uint32_t ef = 0;               ///< how many candidates a graph walk keeps, ≥ k
  const RowRules* rules = nullptr;
  bool allows_all =
      true;  ///< no row is deleted and there is no filter: `rules->allows` is not asked
  /// What `rules->allows` may say yes to; null: any row. So that few rows are not looked for.
  const Selection* selection = nullptr;
  /// Every row of `selection` may be a result: `rules->allows` need not be asked.
  bool selection_decides = false;
  /// What is told of the search; null: nothing is.
  SearchTrace* trace = nullptr;
  bool may_walk = true;  ///< false: a graph, if there is one, is known to be no shorter way
};

/// A way to find the nearest rows. Implementations are immutable and safe for any number of
/// threads.
class VectorIndex {
 public:
  virtual ~VectorIndex() = default;

  [[nodiscard]] virtual std::string_view kind() const = 0;

  /// Puts at most `request.k` allowed rows into `out`, nearest first (ties by `rules->before`).
  /// Exact indexes return min(k, allowed rows); an approximate one says in its class what it
  /// promises. Returns how they were found.
  virtual Way search(const SearchRequest& request, std::vector<Neighbor>& out) const = 0;
};

}  // namespace quiver::index
