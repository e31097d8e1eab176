#include "filter/operators.h"

#include <algorithm>

namespace quiver::filter {

const OperatorRow* find_operator(std::string_view name) noexcept {
  const auto* row = std::find_if(kOperators.data(), kOperators.data() + kOperators.size(),
                                 [&](const OperatorRow& each) { return each.name == name; });
  return row == kOperators.data() + kOperators.size() ? nullptr : row;
}

std::string operator_names() {
  std::string names;
  for (const OperatorRow& row : kOperators) {
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

std::string_view operand_name(Operand operand, bool under_field) noexcept {
  switch (operand) {
    case Operand::kAny:
      return "any value";
    case Operand::kOrdered:
      return "a number or a string";
    case Operand::kArray:
      return "an array";
    case Operand::kBoolean:
      return "a boolean";
    case Operand::kFilters:
      return "an array of filters";
    case Operand::kNegation:
      return under_field ? "a non-empty object of operators" : "a filter";
  }
  return "nothing";
}

}  // namespace quiver::filter
