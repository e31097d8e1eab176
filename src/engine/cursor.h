#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/expected.h"
#include "engine/ranked_rows.h"
#include "engine/result_block.h"
#include "engine/view.h"
#include "filter/filter.h"

namespace quiver::engine {

/// Hands out the items of one view in pieces. It keeps the view alive: later writes do not show.
/// Threads: calls lock each other out.
class Cursor {
 public:
  Cursor(std::shared_ptr<const View> view, bool include_vectors)
      : view_(std::move(view)), include_vectors_(include_vectors) {}
  virtual ~Cursor() = default;

  /// One result block of at most n items; an empty one when nothing is left. CORRUPT_FILE if
  /// something of them cannot be read.
  Expected<Buffer> next(uint32_t n);

 protected:
  /// The next n items, or all that are left.
  virtual Expected<std::vector<Hit>> collect(uint32_t n) = 0;

  [[nodiscard]] const View& view() const { return *view_; }

 private:
  std::mutex mutex_;
  std::shared_ptr<const View> view_;
  bool include_vectors_;
};

/// Every item (that passes the filter), in the order of insertion.
std::shared_ptr<Cursor> list_cursor(std::shared_ptr<const View> view,
                                    std::optional<filter::Filter> filter, bool include_vectors);

/// The items by distance from the query, as RankedRows gives them, at most `limit`. `query` as
/// prepare_query returned it.
std::shared_ptr<Cursor> ranked_cursor(std::shared_ptr<const View> view, std::vector<float> query,
                                      const QueryOptions& options,
                                      std::optional<filter::Filter> filter, uint64_t limit,
                                      bool include_vectors);

}  // namespace quiver::engine
