#pragma once

#include <string>
#include <variant>
#include <vector>

#include "filter/literal.h"

/// A filter as a tree of values, checked and ready to evaluate. What each part means stands in
/// filter.h.
namespace quiver::filter {

enum class Order : uint8_t { kGreater, kGreaterOrEqual, kLess, kLessOrEqual };

struct Condition;

struct Equal {
  Literal literal;
};
/// The literal is a number or text.
struct Compare {
  Order order;
  Literal literal;
};
struct In {
  LiteralSet literals;
  /// Whether null is among them, which a missing field equals.
  bool has_null;
};
struct Exists {
  bool wanted;
};
struct Contains {
  Literal literal;
};
/// Not all of the conditions hold.
struct NotAll {
  std::vector<Condition> conditions;
};

/// What is asked of the value of one field, or of its absence.
struct Condition {
  std::variant<Equal, Compare, In, Exists, Contains, NotAll> test;
};

struct Node;

struct And {
  std::vector<Node> nodes;
};
struct Or {
  std::vector<Node> nodes;
};
/// Holds one node.
struct Not {
  std::vector<Node> nodes;
};
/// All of the conditions, on one field that is looked up once.
struct Field {
  std::string path;
  std::vector<Condition> conditions;
};

/// What is asked of a whole map of metadata.
struct Node {
  std::variant<And, Or, Not, Field> test;
};

}  // namespace quiver::filter
