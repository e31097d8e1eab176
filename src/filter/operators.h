#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace quiver::filter {

enum class Operator : uint8_t {
  kEq,
  kNe,
  kGt,
  kGte,
  kLt,
  kLte,
  kIn,
  kNin,
  kAnd,
  kOr,
  kNot,
  kExists,
  kContains,
};

/// What an operator is given.
enum class Operand : uint8_t {
  kAny,      // any value
  kOrdered,  // a number or a string
  kArray,    // an array of any values
  kBoolean,
  kFilters,   // an array of filters
  kNegation,  // a filter, or an object of operators where it stands under a field
};

/// Where an operator may stand.
enum class Place : uint8_t { kField, kTop, kBoth };

struct OperatorRow {
  std::string_view name;
  Operator kind;
  Operand operand;
  Place place;
};

/// Every operator; a new one is a row here, its condition in ast.h, and a case in parse.cpp and in
/// evaluate.cpp.
inline constexpr std::array kOperators{
    OperatorRow{"$eq", Operator::kEq, Operand::kAny, Place::kField},
    OperatorRow{"$ne", Operator::kNe, Operand::kAny, Place::kField},
    OperatorRow{"$gt", Operator::kGt, Operand::kOrdered, Place::kField},
    OperatorRow{"$gte", Operator::kGte, Operand::kOrdered, Place::kField},
    OperatorRow{"$lt", Operator::kLt, Operand::kOrdered, Place::kField},
    OperatorRow{"$lte", Operator::kLte, Operand::kOrdered, Place::kField},
    OperatorRow{"$in", Operator::kIn, Operand::kArray, Place::kField},
    OperatorRow{"$nin", Operator::kNin, Operand::kArray, Place::kField},
    OperatorRow{"$and", Operator::kAnd, Operand::kFilters, Place::kTop},
    OperatorRow{"$or", Operator::kOr, Operand::kFilters, Place::kTop},
    OperatorRow{"$not", Operator::kNot, Operand::kNegation, Place::kBoth},
    OperatorRow{"$exists", Operator::kExists, Operand::kBoolean, Place::kField},
    OperatorRow{"$contains", Operator::kContains, Operand::kAny, Place::kField},
};

/// Whether a key names an operator rather than a field.
constexpr bool is_operator_name(std::string_view key) noexcept {
  return !key.empty() && key[0] == '$';
}

/// The row of that name; null for an unknown one.
[[nodiscard]] const OperatorRow* find_operator(std::string_view name) noexcept;

/// "$eq, $ne, …", in the order of the table.
[[nodiscard]] std::string operator_names();

/// "an array", …: what the operand should have been, for error messages.
[[nodiscard]] std::string_view operand_name(Operand operand, bool under_field) noexcept;

}  // namespace quiver::filter
