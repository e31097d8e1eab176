#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/expected.h"
#include "engine/part_stream.h"
#include "engine/result_block.h"
#include "engine/searcher.h"
#include "engine/view.h"
#include "filter/filter.h"

namespace quiver::engine {

/// The rows of a view from the nearest on, as far as they are asked for: of those that were not
/// given yet, as many and as surely the nearest as a query of the same size finds. Rows that were
/// found late are the first of what comes next. With `exact` nothing is found late.
class RankedRows {
 public:
  /// `query` as prepare_query returned it. Of `options` top_k does not count.
  RankedRows(std::shared_ptr<const View> view, std::vector<float> query,
             const QueryOptions& options, std::optional<filter::Filter> filter);
  RankedRows(const RankedRows&) = delete;
  RankedRows& operator=(const RankedRows&) = delete;

  /// At most n more, best first, equal scores by id; fewer only if nothing is left. CORRUPT_FILE if
  /// what the filter has to read is not sound.
  Expected<std::vector<Hit>> next(uint32_t n);

  [[nodiscard]] const View& view() const { return *view_; }

 private:
  Expected<std::optional<Hit>> take_best(uint32_t more);

  std::shared_ptr<const View> view_;
  std::vector<float> query_;
  std::optional<filter::Filter> filter_;
  QueryOptions options_;
  std::vector<PartStream> parts_;
};

}  // namespace quiver::engine
