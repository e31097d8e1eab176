#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "base/bitmap.h"
#include "base/expected.h"
#include "base/msgpack.h"

namespace quiver::filter {

struct Field;

/// The numbers from `low` to `high`, both among them; none if `low` is above `high`. NaN never is.
struct NumberRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// What a filter asks of one field, whatever row it is of. Borrows the filter.
class FieldTest {
 public:
  explicit FieldTest(const Field& field) : field_(field) {}

  /// The field's key in the outermost map, or else the way to it, if there is a dot in it.
  [[nodiscard]] std::string_view path() const;

  /// Of the field's value, or of its absence.
  [[nodiscard]] bool holds(const std::optional<msgpack::Value>& value) const;

  /// Where that is all that is asked: the numbers for which it holds. It holds then for nothing
  /// else that is no array.
  [[nodiscard]] std::optional<NumberRange> numbers() const;

 private:
  const Field& field_;
};

/// How much of a filter columns can answer.
struct Indexed {
  enum class Share : uint8_t { kNothing, kSome, kAll };

  Share share = Share::kAll;
  std::string_view other;  ///< a field of the rest; borrows the filter
};

/// The metadata of some rows, field by field.
class Columns {
 public:
  virtual ~Columns() = default;

  [[nodiscard]] virtual uint32_t rows() const = 0;
  /// Whether select() answers it at all.
  [[nodiscard]] virtual bool is_indexed(const FieldTest& /*test*/) const { return true; }
  /// Whether select() looks at few values.
  [[nodiscard]] virtual bool selects_quickly(const FieldTest& test) const = 0;
  /// The rows whose field fulfils the test. CORRUPT_FILE if what has to be read is not sound.
  virtual Expected<Bitmap> select(const FieldTest& test) = 0;
};

}  // namespace quiver::filter
