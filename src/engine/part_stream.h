#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/expected.h"
#include "engine/searcher.h"
#include "engine/view.h"
#include "index/graph/graph_cursor.h"
#include "index/index.h"

namespace quiver::engine {

/// The live rows of one part that pass a filter, one after the other: each the nearest of those
/// that were found and not taken. Where a query of as many would walk the graph, so does this, on
/// and on; else, and where walking on is no shorter way any more, all rows that were not taken are
/// searched for the nearest, three times as many each time as were taken before. So each row is
/// taken once, those too that no walk leads to, and memory grows with what was taken, but for two
/// bits a row. A row that is found late comes as soon as it is found.
class PartStream {
 public:
  /// Of `options` ef, target_recall, exact and filter count, which outlive this as `query` does;
  /// `query` as prepare_query returned it.
  PartStream(const Part& part, const float* query, const QueryOptions& options)
      : all_(part), rest_(part), query_(query), options_(options) {}

  /// The nearest row that was found and not taken; null: none is left. Looks for about `more` rows
  /// when it has to look. CORRUPT_FILE if what the filter has to read is not sound.
  Expected<const index::Neighbor*> top(uint32_t more);
  /// Takes what top() gave.
  void pop();

 private:
  void pop_front();
  Expected<void> find(uint32_t more);
  Expected<bool> walk(uint32_t more);
  Expected<void> scan(uint32_t more);
  [[nodiscard]] index::SearchRequest request(uint32_t k) const;
  [[nodiscard]] auto farther() const;

  enum class State : uint8_t { kNew, kWalking, kScanning, kDone };

  const Part& all_;
  Part rest_;  ///< the taken rows count as deleted
  std::shared_ptr<Bitmap> gone_;
  const float* query_;
  const QueryOptions& options_;
  std::shared_ptr<const index::Selection> selection_;
  State state_ = State::kNew;
  index::GraphCursor cursor_;
  std::vector<index::Neighbor> found_;  ///< not taken; a heap, its nearest in front
  uint32_t taken_ = 0;
  uint32_t walked_ = 0;  ///< for how many rows a query would have walked as far
};

}  // namespace quiver::engine
