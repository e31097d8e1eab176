#pragma once

#include <optional>

#include "base/msgpack.h"

namespace quiver::column {

/// A question to values, whose answer depends on nothing else.
class ValueTest {
 public:
  struct Range {
    double low, high;
  };

  virtual ~ValueTest() = default;

  /// Of a value, or of its absence.
  [[nodiscard]] virtual bool holds(const std::optional<msgpack::Value>& value) const = 0;
  /// Where that is all: the numbers from `low` to `high`, both among them, for which it holds.
  [[nodiscard]] virtual std::optional<Range> numbers() const = 0;
};

}  // namespace quiver::column
