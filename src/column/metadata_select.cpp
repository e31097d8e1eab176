#include <algorithm>
#include <memory>
#include <optional>

#include "column/metadata.h"
#include "column/value_test.h"

namespace quiver::column {

/// A test of one column, which looks at what many rows share once.
class Metadata::ColumnTest {
 public:
  /// `inner`: the way from the column's value to the one that is tested; none: it is itself.
  ColumnTest(const Field& field, uint32_t rows, std::optional<std::string_view> inner,
             const ValueTest& test)
      : field_(field), inner_(inner), test_(test) {
    if (!inner) range_ = test.numbers();
    if (field.kind == FieldKind::kCoded) {
      // A damaged file can claim more values than there are rows.
      known_.assign(std::min(field.values.size(), rows), kUnknown);
    }
  }

  bool holds(uint32_t row) {
    switch (field_.kind) {
      case FieldKind::kIntegers:
        if (range_) return in_range(integer(field_, row));
        break;
      case FieldKind::kDoubles:
        if (range_) return in_range(number(field_, row));
        break;
      case FieldKind::kCoded:
        return holds_for_code(row);
      default:
        break;
    }
    return holds_for_value(row);
  }

  /// The first value that could not be read.
  [[nodiscard]] const Expected<void>& read() const { return read_; }

 private:
  enum Answer : uint8_t { kUnknown, kNo, kYes };

  [[nodiscard]] bool in_range(double number) const {
    return number >= range_->low && number <= range_->high;
  }

  bool holds_for_code(uint32_t row) {
    const uint64_t code = field_.codes[row];
    // Its reading tells what is wrong.
    if (code >= known_.size()) return holds_for_value(row);
    uint8_t& answer = known_[static_cast<size_t>(code)];
    if (answer == kUnknown) answer = holds_for_value(row) ? kYes : kNo;
    return answer == kYes;
  }

  bool holds_for_value(uint32_t row) {
    const auto encoded = value(field_, row, scratch_);
    if (!encoded) {
      if (read_) read_ = encoded.error();
      return false;
    }
    const msgpack::Value found(*encoded);
    return test_.holds(inner_ ? found.find_path(*inner_) : found);
  }

  const Field& field_;
  std::optional<std::string_view> inner_;
  const ValueTest& test_;
  std::optional<ValueTest::Range> range_;
  std::vector<uint8_t> known_;  // by code
  Scratch scratch_;
  Expected<void> read_;
};

bool Metadata::selects_quickly(std::string_view path) const {
  const auto is_quick = [this](std::string_view key) {
    const auto entry = field_by_name_.find(std::string(key));
    if (entry == field_by_name_.end()) return true;
    const Field& field = fields_[entry->second];
    if (field.kind != FieldKind::kUnique && field.kind != FieldKind::kCoded) return true;
    return field.kind == FieldKind::kCoded && field.values.size() <= std::max(1024U, rows_ / 16);
  };
  return rest_.kind == FieldKind::kNone && is_quick(path) &&
         is_quick(path.substr(0, path.find('.')));
}

Expected<Bitmap> Metadata::select(std::string_view path, const ValueTest& test) const {
  // As msgpack::Value::find_path: the key itself comes first, then what its first part names.
  const size_t dot = path.find('.');
  const auto column_of = [&](std::string_view key, std::optional<std::string_view> inner) {
    std::unique_ptr<ColumnTest> column;
    const auto entry = field_by_name_.find(std::string(key));
    if (entry != field_by_name_.end()) {
      column = std::make_unique<ColumnTest>(fields_[entry->second], rows_, inner, test);
    }
    return column;
  };
  const auto whole = column_of(path, std::nullopt);
  const auto outer = dot == std::string_view::npos
                         ? nullptr
                         : column_of(path.substr(0, dot), path.substr(dot + 1));
  // By shape; 0 is that of rows that have their whole map.
  std::vector<ColumnTest*> columns(shapes_.size() + 1, nullptr);
  for (size_t i = 0; i < shapes_.size(); ++i) {
    const auto has = [&](std::string_view key) {
      return shapes_[i].has[field_by_name_.find(std::string(key))->second];
    };
    if (whole && has(path)) {
      columns[i + 1] = whole.get();
    } else if (outer && has(path.substr(0, dot))) {
      columns[i + 1] = outer.get();
    }
  }
  const bool holds_where_missing = test.holds(std::nullopt);
  Scratch scratch;
  Bitmap rows(rows_);
  for (uint32_t begin = 0; begin < rows_; begin += 64) {
    uint64_t word = 0;
    const uint32_t end = std::min(rows_, begin + 64);
    for (uint32_t row = begin; row < end; ++row) {
      const uint64_t shape = shape_of_row_[row];
      if (shape >= columns.size())
        return Error{Code::kCorruptFile, "a shape of metadata is missing"};
      bool holds = holds_where_missing;
      if (shape == 0) {
        const auto map = value(rest_, row, scratch);
        if (!map) return map.error();
        holds = test.holds(msgpack::Value(*map).find_path(path));
      } else if (ColumnTest* const column = columns[static_cast<size_t>(shape)]) {
        holds = column->holds(row);
      }
      word |= static_cast<uint64_t>(holds) << (row - begin);
    }
    rows.set_word(begin / 64, word);
  }
  for (const auto* column : {whole.get(), outer.get()}) {
    if (column != nullptr && !column->read()) return column->read().error();
  }
  return rows;
}

}  // namespace quiver::column
