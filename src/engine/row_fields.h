#pragma once

#include <optional>
#include <string_view>

#include "column/metadata.h"
#include "engine/row_source.h"
#include "filter/fields.h"

namespace quiver::engine {

/// The metadata of one row after the other, for a filter. A value that cannot be read counts as
/// missing, and read() tells of it.
class RowFields final : public filter::Fields {
 public:
  void go_to(RowRef row) { row_ = row; }

  std::optional<Bytes> find(std::string_view key) override {
    auto value = row_.source->field(row_.row, key, scratch_);
    if (value) return *value;
    if (read_) read_ = value.error();
    return std::nullopt;
  }

  /// The first failure so far.
  [[nodiscard]] const Expected<void>& read() const { return read_; }

 private:
  RowRef row_;
  column::Scratch scratch_;
  Expected<void> read_;
};

}  // namespace quiver::engine
