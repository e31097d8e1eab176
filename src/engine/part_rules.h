#pragma once

#include "engine/row_fields.h"
#include "engine/view.h"
#include "filter/filter.h"
#include "index/index.h"

namespace quiver::engine {

/// What a search may return of one part. What it is given outlives it.
class PartRules final : public index::RowRules {
 public:
  /// `filter`: what has to be asked row by row, or null. `selection`: of the filter, or null.
  PartRules(const Part& part, const filter::Filter* filter, const index::Selection* selection)
      : part_(part), filter_(filter), selection_(selection) {}

  [[nodiscard]] bool allows(uint32_t row) const override {
    if (!part_.is_live(row)) return false;
    if (selection_ != nullptr && !selection_->rows.test(row)) return false;
    if (filter_ == nullptr) return true;
    fields_.go_to({part_.source.get(), row});
    return filter_->matches(fields_);
  }

  [[nodiscard]] bool before(uint32_t a, uint32_t b) const override {
    return id_before({part_.source.get(), a}, {part_.source.get(), b});
  }

  [[nodiscard]] const Expected<void>& read() const { return fields_.read(); }

 private:
  const Part& part_;
  const filter::Filter* filter_;
  const index::Selection* selection_;
  mutable RowFields fields_;  // scratch memory of one search
};

}  // namespace quiver::engine
