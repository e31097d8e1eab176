#include "filter/select.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <variant>

#include "filter/evaluate.h"

namespace quiver::filter {
namespace {

struct Selector {
  Columns& columns;

  Expected<Bitmap> operator()(const And& test) const {
    Bitmap all(columns.rows());
    all.flip();
    for (const Node& node : test.nodes) {
      auto one = (*this)(node);
      if (!one) return one;
      all.keep_common(*one);
      if (all.none()) break;
    }
    return all;
  }

  Expected<Bitmap> operator()(const Or& test) const {
    Bitmap any(columns.rows());
    for (const Node& node : test.nodes) {
      auto one = (*this)(node);
      if (!one) return one;
      any.add(*one);
    }
    return any;
  }

  Expected<Bitmap> operator()(const Not& test) const {
    Expected<Bitmap> none = Bitmap(columns.rows());
    for (const Node& node : test.nodes) {
      auto one = (*this)(node);
      if (!one) return one;
      none->add(*one);
    }
    none->flip();
    return none;
  }

  Expected<Bitmap> operator()(const Field& test) const { return columns.select(FieldTest(test)); }

  Expected<Bitmap> operator()(const Node& node) const { return std::visit(*this, node.test); }
};

/// A field that columns do not answer.
struct FindOther {
  const Columns& columns;

  std::optional<std::string_view> operator()(const Field& field) const {
    const FieldTest test(field);
    if (columns.is_indexed(test)) return std::nullopt;
    return test.path();
  }
  std::optional<std::string_view> operator()(const Node& node) const {
    return std::visit(*this, node.test);
  }
  template <typename Nodes>
  std::optional<std::string_view> operator()(const Nodes& test) const {
    for (const Node& node : test.nodes) {
      if (const auto other = (*this)(node)) return other;
    }
    return std::nullopt;
  }
};

struct QuickTest {
  const Columns& columns;

  bool operator()(const Field& test) const { return columns.selects_quickly(FieldTest(test)); }
  bool operator()(const Node& node) const { return std::visit(*this, node.test); }
  template <typename Nodes>
  bool operator()(const Nodes& test) const {
    return std::all_of(test.nodes.begin(), test.nodes.end(), *this);
  }
};

/// Makes the range narrower; whether the condition is one that says which numbers.
struct Narrow {
  NumberRange& range;

  bool operator()(const Equal& test) const {
    if (test.literal.kind != msgpack::Kind::kNumber) return false;
    return at_least(test.literal.number) && at_most(test.literal.number);
  }

  bool operator()(const Compare& test) const {
    if (test.literal.kind != msgpack::Kind::kNumber) return false;
    const double number = test.literal.number;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    switch (test.order) {
      case Order::kGreater:
        return number == kInfinity ? nothing() : at_least(std::nextafter(number, kInfinity));
      case Order::kGreaterOrEqual:
        return at_least(number);
      case Order::kLess:
        return number == -kInfinity ? nothing() : at_most(std::nextafter(number, -kInfinity));
      case Order::kLessOrEqual:
        return at_most(number);
    }
    return false;
  }

  template <typename Other>
  bool operator()(const Other& /*test*/) const {
    return false;
  }

 private:
  bool at_least(double number) const {
    if (std::isnan(number)) return nothing();
    if (number > range.low) range.low = number;
    return true;
  }
  bool at_most(double number) const {
    if (std::isnan(number)) return nothing();
    if (number < range.high) range.high = number;
    return true;
  }
  bool nothing() const {
    range = {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
    return true;
  }
};

}  // namespace

std::string_view FieldTest::path() const { return field_.path; }

bool FieldTest::holds(const std::optional<msgpack::Value>& value) const {
  return evaluate(field_, value);
}

std::optional<NumberRange> FieldTest::numbers() const {
  NumberRange range;
  if (field_.conditions.empty()) return std::nullopt;
  for (const Condition& condition : field_.conditions) {
    if (!std::visit(Narrow{range}, condition.test)) return std::nullopt;
  }
  return range;
}

Indexed indexed_of(const Node& node, const Columns& columns) {
  const FindOther find{columns};
  const auto other = find(node);
  if (!other) return {};
  const auto* all = std::get_if<And>(&node.test);
  const bool some = all != nullptr && std::any_of(all->nodes.begin(), all->nodes.end(),
                                                  [&](const Node& one) { return !find(one); });
  return {some ? Indexed::Share::kSome : Indexed::Share::kNothing, *other};
}

bool selects_quickly(const Node& node, const Columns& columns) {
  const QuickTest is_quick{columns};
  const FindOther find{columns};
  const auto* all = std::get_if<And>(&node.test);
  if (all == nullptr) return is_quick(node);
  return std::all_of(all->nodes.begin(), all->nodes.end(),
                     [&](const Node& one) { return find(one) || is_quick(one); });
}

Expected<Bitmap> select(const Node& node, Columns& columns) {
  const Selector select{columns};
  const FindOther find{columns};
  const auto* all = std::get_if<And>(&node.test);
  if (all == nullptr) return select(node);
  Bitmap common(columns.rows());
  common.flip();
  for (const Node& one : all->nodes) {
    if (find(one)) continue;
    auto rows = select(one);
    if (!rows) return rows;
    common.keep_common(*rows);
    if (common.none()) break;
  }
  return common;
}

}  // namespace quiver::filter
