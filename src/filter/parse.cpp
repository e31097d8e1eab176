#include "filter/parse.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filter/filter.h"
#include "filter/operators.h"

namespace quiver::filter {

using msgpack::Entry;
using msgpack::Kind;
using msgpack::Value;

namespace {

Error invalid(std::string message) { return Error{Code::kInvalidFilter, std::move(message)}; }

/// Where an operator stands: a field, or outside of any.
struct Site {
  std::optional<std::string_view> field;

  [[nodiscard]] std::string text() const {
    return field ? " at field \"" + std::string(*field) + '"' : std::string(" outside of a field");
  }
};

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

Error wrong_operand(const OperatorRow& row, const Site& site, std::string_view found) {
  return invalid("Filter operator " + quoted(row.name) + site.text() + " takes " +
                 std::string(operand_name(row.operand, site.field.has_value())) + ", got " +
                 std::string(found));
}

Error too_deep() {
  return invalid("The filter nests deeper than " + std::to_string(kMaxDepth) + " levels");
}

/// The row of an operator that may stand at `site`.
Expected<const OperatorRow*> lookup(std::string_view name, const Site& site) {
  const OperatorRow* row = find_operator(name);
  if (row == nullptr) {
    return invalid("Unknown filter operator " + quoted(name) + site.text() +
                   "; known operators are " + operator_names());
  }
  if (row->place == Place::kTop && site.field) {
    return invalid("Filter operator " + quoted(name) + " cannot stand under a field, but stands" +
                   site.text() + "; write it around the field");
  }
  if (row->place == Place::kField && !site.field) {
    return invalid("Filter operator " + quoted(name) +
                   " has to stand under a field, as in { field: { " + std::string(name) +
                   ": … } }");
  }
  return row;
}

bool fits(Operand operand, const Value& value) {
  switch (operand) {
    case Operand::kAny:
      return true;
    case Operand::kOrdered:
      return value.is(Kind::kNumber) || value.is(Kind::kText);
    case Operand::kArray:
    case Operand::kFilters:
      return value.is(Kind::kArray);
    case Operand::kBoolean:
      return value.is(Kind::kBoolean);
    case Operand::kNegation:
      return value.is(Kind::kMap);
  }
  return false;
}

Condition negated(Condition condition) {
  NotAll test;
  test.conditions.push_back(std::move(condition));
  return Condition{std::move(test)};
}

Condition compare(Order order, const Value& operand) {
  return Condition{Compare{order, Literal::from(operand)}};
}

Condition in(const Value& operand) {
  In test{{}, false};
  for (const Value& element : operand.elements()) {
    if (element.is(Kind::kNil)) test.has_null = true;
    test.literals.insert(Literal::from(element));
  }
  return Condition{std::move(test)};
}

Expected<std::vector<Condition>> parse_operators(const Value& map, const Site& site, int depth);

Expected<Condition> parse_condition(const OperatorRow& row, const Value& operand, const Site& site,
                                    int depth) {
  if (!fits(row.operand, operand)) return wrong_operand(row, site, kind_name(operand.kind()));
  switch (row.kind) {
    case Operator::kEq:
      return Condition{Equal{Literal::from(operand)}};
    case Operator::kNe:
      return negated(Condition{Equal{Literal::from(operand)}});
    case Operator::kGt:
      return compare(Order::kGreater, operand);
    case Operator::kGte:
      return compare(Order::kGreaterOrEqual, operand);
    case Operator::kLt:
      return compare(Order::kLess, operand);
    case Operator::kLte:
      return compare(Order::kLessOrEqual, operand);
    case Operator::kIn:
      return in(operand);
    case Operator::kNin:
      return negated(in(operand));
    case Operator::kExists:
      return Condition{Exists{operand.boolean()}};
    case Operator::kContains:
      return Condition{Contains{Literal::from(operand)}};
    case Operator::kNot: {
      if (operand.size() == 0) return wrong_operand(row, site, "an empty object");
      auto conditions = parse_operators(operand, site, depth + 1);
      if (!conditions) return std::move(conditions).error();
      return Condition{NotAll{*std::move(conditions)}};
    }
    case Operator::kAnd:
    case Operator::kOr:
      break;
  }
  return Error{Code::kInternal, "filter operator " + quoted(row.name) + " has no condition"};
}

/// The conditions of a map of operators under a field.
Expected<std::vector<Condition>> parse_operators(const Value& map, const Site& site, int depth) {
  if (depth > kMaxDepth) return too_deep();
  std::vector<Condition> conditions;
  conditions.reserve(map.size());
  for (const Entry& entry : map.entries()) {
    if (!is_operator_name(entry.key)) {
      return invalid("Only operators may stand beside or below an operator" + site.text() +
                     "; got the key " + quoted(entry.key));
    }
    const auto row = lookup(entry.key, site);
    if (!row) return row.error();
    auto condition = parse_condition(**row, entry.value, site, depth);
    if (!condition) return std::move(condition).error();
    conditions.push_back(*std::move(condition));
  }
  return conditions;
}

Expected<Node> parse_field(const Entry& entry, int depth) {
  Field field{std::string(entry.key), {}};
  bool has_operators = false;
  for (const Entry& inner : entry.value.entries()) {
    has_operators = has_operators || is_operator_name(inner.key);
  }
  if (has_operators) {
    auto conditions = parse_operators(entry.value, Site{entry.key}, depth + 1);
    if (!conditions) return std::move(conditions).error();
    field.conditions = *std::move(conditions);
  } else {
    field.conditions.push_back(Condition{Equal{Literal::from(entry.value)}});
  }
  return Node{std::move(field)};
}

Expected<Node> parse_map(const Value& map, int depth);

Expected<std::vector<Node>> parse_filters(const OperatorRow& row, const Value& array, int depth) {
  std::vector<Node> nodes;
  nodes.reserve(array.size());
  for (const Value& element : array.elements()) {
    if (!element.is(Kind::kMap)) {
      return wrong_operand(row, Site{}, "an array with " + std::string(kind_name(element.kind())));
    }
    auto node = parse_map(element, depth + 1);
    if (!node) return std::move(node).error();
    nodes.push_back(*std::move(node));
  }
  return nodes;
}

/// $and, $or or $not outside of a field.
Expected<Node> parse_logical(const Entry& entry, int depth) {
  const auto found = lookup(entry.key, Site{});
  if (!found) return found.error();
  const OperatorRow& row = **found;
  if (!fits(row.operand, entry.value)) {
    return wrong_operand(row, Site{}, kind_name(entry.value.kind()));
  }
  if (row.kind == Operator::kNot) {
    auto node = parse_map(entry.value, depth + 1);
    if (!node) return node;
    Not test;
    test.nodes.push_back(*std::move(node));
    return Node{std::move(test)};
  }
  auto nodes = parse_filters(row, entry.value, depth);
  if (!nodes) return std::move(nodes).error();
  if (row.kind == Operator::kAnd) return Node{And{*std::move(nodes)}};
  return Node{Or{*std::move(nodes)}};
}

Expected<Node> parse_map(const Value& map, int depth) {
  if (depth > kMaxDepth) return too_deep();
  And all;
  all.nodes.reserve(map.size());
  for (const Entry& entry : map.entries()) {
    auto node =
        is_operator_name(entry.key) ? parse_logical(entry, depth) : parse_field(entry, depth);
    if (!node) return node;
    all.nodes.push_back(*std::move(node));
  }
  if (all.nodes.size() == 1) return std::move(all.nodes.front());
  return Node{std::move(all)};
}

}  // namespace

Expected<Node> parse_filter(Bytes bytes) {
  if (auto valid = msgpack::validate(bytes, "The filter", Code::kInvalidFilter); !valid) {
    return std::move(valid).error();
  }
  const Value map(bytes);
  if (!map.is(Kind::kMap)) {
    return invalid("A filter has to be an object, got " + std::string(kind_name(map.kind())));
  }
  return parse_map(map, 1);
}

}  // namespace quiver::filter
