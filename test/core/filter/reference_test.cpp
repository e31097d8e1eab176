// Random filters on random documents: Filter against an evaluator that reads the filter as it is
// written, over plain trees, with no thought of speed.

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "filter/filter.h"
#include "filter/generator.h"

namespace quiver::filter {
namespace {

using msgpack::Kind;

const Tree* get_path(const Tree& map, const std::string& path) {
  if (const Tree* exact = get(map, path)) return exact;
  const size_t dot = path.find('.');
  if (dot == std::string::npos) return nullptr;
  const Tree* inner = get(map, path.substr(0, dot));
  return inner == nullptr ? nullptr : get_path(*inner, path.substr(dot + 1));
}

bool same(const Tree& a, const Tree& b) {
  if (a.kind != b.kind || a.boolean != b.boolean || a.text != b.text || a.number != b.number ||
      a.elements.size() != b.elements.size() || a.entries.size() != b.entries.size()) {
    return false;
  }
  for (size_t i = 0; i < a.elements.size(); ++i) {
    if (!same(a.elements[i], b.elements[i])) return false;
  }
  for (const auto& [key, value] : a.entries) {
    const Tree* other = get(b, key);
    if (other == nullptr || !same(value, *other)) return false;
  }
  return true;
}

bool eq(const Tree* field, const Tree& operand) {
  if (field == nullptr) return operand.kind == Kind::kNil;
  bool any = same(*field, operand);
  for (const Tree& element : field->elements) any = any || same(element, operand);
  return any;
}

bool ordered(const Tree* field, const Tree& operand, const std::string& name) {
  if (field == nullptr) return false;
  const auto one = [&](const Tree& value) {
    if (value.kind != operand.kind) return false;
    if (value.kind == Kind::kNumber) {
      if (name == "$gt") return value.number > operand.number;
      if (name == "$gte") return value.number >= operand.number;
      if (name == "$lt") return value.number < operand.number;
      return value.number <= operand.number;
    }
    if (value.kind != Kind::kText) return false;
    if (name == "$gt") return value.text > operand.text;
    if (name == "$gte") return value.text >= operand.text;
    if (name == "$lt") return value.text < operand.text;
    return value.text <= operand.text;
  };
  bool any = one(*field);
  for (const Tree& element : field->elements) any = any || one(element);
  return any;
}

bool operator_holds(const std::string& name, const Tree& operand, const Tree* field) {
  if (name == "$eq") return eq(field, operand);
  if (name == "$ne") return !eq(field, operand);
  if (name == "$in" || name == "$nin") {
    bool any = false;
    for (const Tree& each : operand.elements) any = any || eq(field, each);
    return any == (name == "$in");
  }
  if (name == "$exists") return (field != nullptr) == operand.boolean;
  if (name == "$contains") {
    if (field == nullptr) return false;
    if (field->kind == Kind::kText && operand.kind == Kind::kText) {
      return field->text.find(operand.text) != std::string::npos;
    }
    bool any = false;
    for (const Tree& element : field->elements) any = any || same(element, operand);
    return any;
  }
  if (name == "$not") {
    bool all = true;
    for (const auto& [inner, value] : operand.entries) {
      all = all && operator_holds(inner, value, field);
    }
    return !all;
  }
  return ordered(field, operand, name);
}

bool reference(const Tree& filter, const Tree& document) {
  bool all = true;
  for (const auto& [key, value] : filter.entries) {
    bool holds = false;
    if (key == "$and") {
      holds = true;
      for (const Tree& each : value.elements) holds = holds && reference(each, document);
    } else if (key == "$or") {
      for (const Tree& each : value.elements) holds = holds || reference(each, document);
    } else if (key == "$not") {
      holds = !reference(value, document);
    } else {
      const Tree* field = get_path(document, key);
      const bool operators = !value.entries.empty() && value.entries[0].first[0] == '$';
      if (!operators) {
        holds = eq(field, value);
      } else {
        holds = true;
        for (const auto& [name, operand] : value.entries) {
          holds = holds && operator_holds(name, operand, field);
        }
      }
    }
    all = all && holds;
  }
  return all;
}

TEST(FilterReference, AgreesOnRandomFiltersAndDocuments) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RecordProperty("seed", std::to_string(seed));
  Generator generator(seed);
  int matched = 0;
  constexpr int kFilters = 4000;
  constexpr int kDocuments = 10;
  for (int i = 0; i < kFilters; ++i) {
    const Tree filter = generator.filter(3);
    const auto parsed = Filter::parse(encode(filter));
    ASSERT_TRUE(parsed) << print(filter) << ": " << parsed.error().message;
    for (int j = 0; j < kDocuments; ++j) {
      const Tree document = generator.document();
      const bool expected = reference(filter, document);
      ASSERT_EQ(parsed->matches(encode(document)), expected)
          << print(filter) << " on " << print(document);
      matched += expected ? 1 : 0;
    }
  }
  // Neither answer may be so rare that the comparison says little.
  EXPECT_GT(matched, kFilters * kDocuments / 20);
  EXPECT_LT(matched, kFilters * kDocuments * 19 / 20);
}

}  // namespace
}  // namespace quiver::filter
