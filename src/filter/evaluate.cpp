#include "filter/evaluate.h"

#include <algorithm>
#include <optional>

namespace quiver::filter {

using msgpack::Kind;
using msgpack::Value;

namespace {

/// A field's value, or nothing where the field is missing.
using FieldValue = std::optional<Value>;

template <typename Test>
bool any_element(const Value& value, const Test& test) {
  for (const Value& element : value.elements()) {
    if (test(element)) return true;
  }
  return false;
}

template <typename T>
bool in_order(Order order, const T& left, const T& right) {
  switch (order) {
    case Order::kGreater:
      return left > right;
    case Order::kGreaterOrEqual:
      return left >= right;
    case Order::kLess:
      return left < right;
    case Order::kLessOrEqual:
      return left <= right;
  }
  return false;
}

bool compares(const Compare& test, const Value& value) {
  if (value.kind() != test.literal.kind) return false;
  return value.is(Kind::kNumber)
             ? in_order(test.order, value.number(), test.literal.number)
             : in_order(test.order, value.text(), std::string_view(test.literal.text));
}

bool holds(const Condition& condition, const FieldValue& field);

struct ConditionTest {
  const FieldValue& field;

  bool operator()(const Equal& test) const {
    if (!field) return test.literal.kind == Kind::kNil;
    const auto same = [&](const Value& value) { return equals(test.literal, value); };
    return same(*field) || any_element(*field, same);
  }

  bool operator()(const Compare& test) const {
    if (!field) return false;
    const auto ordered = [&](const Value& value) { return compares(test, value); };
    return ordered(*field) || any_element(*field, ordered);
  }

  bool operator()(const In& test) const {
    if (!field) return test.has_null;
    const auto listed = [&](const Value& value) { return test.literals.contains(value); };
    return listed(*field) || any_element(*field, listed);
  }

  bool operator()(const Exists& test) const { return field.has_value() == test.wanted; }

  bool operator()(const Contains& test) const {
    if (!field) return false;
    if (field->is(Kind::kText)) {
      return test.literal.kind == Kind::kText &&
             field->text().find(test.literal.text) != std::string_view::npos;
    }
    return any_element(*field, [&](const Value& value) { return equals(test.literal, value); });
  }

  bool operator()(const NotAll& test) const {
    return !std::all_of(test.conditions.begin(), test.conditions.end(),
                        [&](const Condition& condition) { return holds(condition, field); });
  }
};

bool holds(const Condition& condition, const FieldValue& field) {
  return std::visit(ConditionTest{field}, condition.test);
}

struct NodeTest {
  Fields& metadata;

  bool operator()(const And& test) const {
    return std::all_of(test.nodes.begin(), test.nodes.end(), *this);
  }

  bool operator()(const Or& test) const {
    return std::any_of(test.nodes.begin(), test.nodes.end(), *this);
  }

  bool operator()(const Not& test) const {
    return std::none_of(test.nodes.begin(), test.nodes.end(), *this);
  }

  bool operator()(const Field& test) const {
    return evaluate(test, find_path(metadata, test.path));
  }

  bool operator()(const Node& node) const { return std::visit(*this, node.test); }
};

}  // namespace

bool evaluate(const Field& field, const FieldValue& value) {
  return std::all_of(field.conditions.begin(), field.conditions.end(),
                     [&](const Condition& condition) { return holds(condition, value); });
}

bool evaluate(const Node& node, Fields& metadata) { return NodeTest{metadata}(node); }

}  // namespace quiver::filter
