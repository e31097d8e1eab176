#include "filter/literal.h"

#include <algorithm>
#include <utility>

namespace quiver::filter {

using msgpack::Entry;
using msgpack::Kind;
using msgpack::Value;

Literal Literal::from(const Value& value) {
  Literal literal;
  literal.kind = value.kind();
  switch (value.kind()) {
    case Kind::kNil:
      break;
    case Kind::kBoolean:
      literal.boolean = value.boolean();
      break;
    case Kind::kNumber:
      literal.number = value.number();
      break;
    case Kind::kText:
      literal.text = value.text();
      break;
    case Kind::kBinary:
      literal.text = as_text(value.binary());
      break;
    case Kind::kArray:
      literal.elements.reserve(value.size());
      for (const Value& element : value.elements()) literal.elements.push_back(from(element));
      break;
    case Kind::kMap:
      literal.entries.reserve(value.size());
      for (const Entry& entry : value.entries()) {
        literal.entries.push_back({std::string(entry.key), from(entry.value)});
      }
      std::sort(literal.entries.begin(), literal.entries.end(),
                [](const auto& a, const auto& b) { return a.key < b.key; });
      break;
  }
  return literal;
}

bool equals(const Literal& literal, const Value& value) noexcept {
  if (literal.kind != value.kind()) return false;
  switch (literal.kind) {
    case Kind::kNil:
      return true;
    case Kind::kBoolean:
      return literal.boolean == value.boolean();
    case Kind::kNumber:
      return literal.number == value.number();
    case Kind::kText:
      return literal.text == value.text();
    case Kind::kBinary:
      return literal.text == as_text(value.binary());
    case Kind::kArray: {
      if (literal.elements.size() != value.size()) return false;
      size_t same = 0;
      for (const Value& element : value.elements()) {
        if (!equals(literal.elements[same], element)) return false;
        ++same;
      }
      return same == literal.elements.size();
    }
    case Kind::kMap: {
      // Keys are distinct on both sides, so as many equal entries as there are make equal maps.
      if (literal.entries.size() != value.size()) return false;
      size_t same = 0;
      for (const Entry& entry : value.entries()) {
        const auto found =
            std::lower_bound(literal.entries.begin(), literal.entries.end(), entry.key,
                             [](const auto& mine, std::string_view key) { return mine.key < key; });
        if (found == literal.entries.end() || found->key != entry.key ||
            !equals(found->value, entry.value)) {
          return false;
        }
        ++same;
      }
      return same == literal.entries.size();
    }
  }
  return false;
}

void LiteralSet::insert(Literal literal) {
  switch (literal.kind) {
    case Kind::kText:
      texts_.insert(std::move(literal.text));
      break;
    case Kind::kNumber:
      // NaN equals nothing, and would pile up in the table as equal to no other NaN.
      if (literal.number == literal.number) numbers_.insert(literal.number);
      break;
    default:
      others_.push_back(std::move(literal));
  }
}

bool LiteralSet::contains(const Value& value) const noexcept {
  switch (value.kind()) {
    case Kind::kText:
      return !texts_.empty() && texts_.find(value.text()) != texts_.end();
    case Kind::kNumber:
      return numbers_.find(value.number()) != numbers_.end();
    default:
      return std::any_of(others_.begin(), others_.end(),
                         [&](const Literal& literal) { return equals(literal, value); });
  }
}

}  // namespace quiver::filter
