#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/expected.h"
#include "engine/result_block.h"
#include "engine/searcher.h"
#include "engine/view.h"
#include "filter/filter.h"

namespace quiver::engine {

/// Hands out the items of one view in pieces. It keeps the view alive: later writes do not show.
/// Threads: calls lock each other out.
class Cursor {
 public:
  /// Of the items that pass the filter, at most `limit`.
  Cursor(std::shared_ptr<const View> view, std::optional<filter::Filter> filter,
         bool include_vectors, uint64_t limit)
      : view_(std::move(view)),
        filter_(std::move(filter)),
        include_vectors_(include_vectors),
        left_(limit) {}
  virtual ~Cursor() = default;

  /// One result block of at most n items; an empty one when nothing is left. CORRUPT_FILE if
  /// something of them cannot be read.
  Expected<Buffer> next(uint32_t n);

 protected:
  /// The next item whether it passes or not, or nothing.
  virtual std::optional<Hit> advance() = 0;

  [[nodiscard]] const View& view() const { return *view_; }

 private:
  Expected<std::vector<Hit>> collect(uint32_t n);
  Expected<bool> passes(const Hit& hit);

  std::mutex mutex_;
  std::shared_ptr<const View> view_;
  std::optional<filter::Filter> filter_;
  /// What the filter takes of each part, once a part is come to; null there: its rows are asked.
  std::vector<std::optional<std::shared_ptr<const index::Selection>>> selections_;
  bool include_vectors_;
  uint64_t left_;
};

/// Every item (that passes the filter), in the order of insertion.
std::shared_ptr<Cursor> list_cursor(std::shared_ptr<const View> view,
                                    std::optional<filter::Filter> filter, bool include_vectors);

/// The items by distance from the query, nearest first, equal scores by id, exactly: measures every
/// row once, O(rows · dim), then orders as far as it is read, O(log rows) an item. `query` as
/// prepare_query returned it; at most `limit` items, none below `min_score`.
std::shared_ptr<Cursor> ranked_cursor(std::shared_ptr<const View> view, Metric metric,
                                      std::span<const float> query,
                                      std::optional<filter::Filter> filter, uint64_t limit,
                                      float min_score, bool include_vectors);

}  // namespace quiver::engine
