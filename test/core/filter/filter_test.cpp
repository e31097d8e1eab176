#include "filter/filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <thread>

#include "filter/model.h"
#include "filter/operators.h"

namespace quiver::filter {
namespace {

const Tree kNull;

bool matches(const Tree& filter, const Tree& document) {
  const auto parsed = Filter::parse(encode(filter));
  if (!parsed) {
    ADD_FAILURE() << print(filter) << ": " << parsed.error().message;
    return false;
  }
  return parsed->matches(encode(document));
}

/// One operator on field "f" of a document that has only that field.
bool field_matches(const char* name, const Tree& operand, const Tree& value) {
  return matches(object({{"f", object({{name, operand}})}}), object({{"f", value}}));
}

bool missing_matches(const char* name, const Tree& operand) {
  return matches(object({{"f", object({{name, operand}})}}), object({{"other", 1}}));
}

std::string refusal(const Tree& filter) {
  const auto parsed = Filter::parse(encode(filter));
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().code, Code::kInvalidFilter);
  return parsed.error().message;
}

TEST(FilterOperators, EqTruthTable) {
  const Tree map = object({{"x", 1}, {"y", array({1, "2"})}});
  const Tree turned = object({{"y", array({1, "2"})}, {"x", 1}});
  const std::vector<Tree> values{kNull, true, false,       0,         1,   -1.5,
                                 "",    "a",  binary("a"), array({}), map, object({})};
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = 0; j < values.size(); ++j) {
      SCOPED_TRACE(print(values[i]) + " and " + print(values[j]));
      EXPECT_EQ(field_matches("$eq", values[i], values[j]), i == j);
      EXPECT_EQ(field_matches("$ne", values[i], values[j]), i != j);
      EXPECT_EQ(matches(object({{"f", values[i]}}), object({{"f", values[j]}})), i == j);
      EXPECT_EQ(field_matches("$in", array({values[i]}), values[j]), i == j);
      EXPECT_EQ(field_matches("$nin", array({values[i]}), values[j]), i != j);
      EXPECT_EQ(field_matches("$contains", values[i], array({values[j]})), i == j);
    }
    EXPECT_EQ(missing_matches("$eq", values[i]), i == 0);
    EXPECT_EQ(missing_matches("$ne", values[i]), i != 0);
    EXPECT_EQ(missing_matches("$in", array({values[i]})), i == 0);
    EXPECT_EQ(missing_matches("$nin", array({values[i]})), i != 0);
    EXPECT_FALSE(missing_matches("$contains", values[i]));
  }
  EXPECT_TRUE(field_matches("$eq", map, turned));
  EXPECT_FALSE(field_matches("$eq", map, object({{"x", 1}, {"z", array({1, "2"})}})));
  EXPECT_FALSE(field_matches("$eq", map, object({{"x", 1}})));
}

TEST(FilterOperators, NumbersCompareAsDoubles) {
  const Buffer filter = encode(object({{"f", 1}}));
  // 1 as float32, as int64 and as float64.
  for (const Buffer& document : {Buffer{0x81, 0xA1, 'f', 0xCA, 0x3F, 0x80, 0, 0},
                                 Buffer{0x81, 0xA1, 'f', 0xD3, 0, 0, 0, 0, 0, 0, 0, 1},
                                 Buffer{0x81, 0xA1, 'f', 0xCB, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0}}) {
    EXPECT_TRUE(Filter::parse(filter)->matches(document));
  }
  EXPECT_TRUE(field_matches("$eq", -0.0, 0));
  EXPECT_TRUE(field_matches("$in", array({0.0}), -0.0));
  for (const char* name : {"$eq", "$gt", "$gte", "$lt", "$lte"}) {
    EXPECT_FALSE(field_matches(name, NAN, NAN)) << name;
    EXPECT_FALSE(field_matches(name, NAN, 1)) << name;
    EXPECT_FALSE(field_matches(name, 1, NAN)) << name;
  }
  EXPECT_FALSE(field_matches("$in", array({NAN}), NAN));
  EXPECT_TRUE(field_matches("$ne", NAN, NAN));
}

TEST(FilterOperators, OrderTruthTable) {
  struct Row {
    Tree value;
    Tree operand;
    bool gt, gte, lt, lte;
  };
  for (const Row& row : {
           Row{1, 2, false, false, true, true},
           Row{2, 2, false, true, false, true},
           Row{3, 2, true, true, false, false},
           Row{"a", "b", false, false, true, true},
           Row{"b", "b", false, true, false, true},
           Row{"ba", "b", true, true, false, false},
           Row{"é", "z", true, true, false, false},
           Row{"\xF0\x9F\x8F\xB9", "\xEF\xBF\xBD", true, true, false, false},
           Row{"1", 2, false, false, false, false},
           Row{1, "2", false, false, false, false},
           Row{kNull, 0, false, false, false, false},
           Row{true, 0, false, false, false, false},
           Row{binary("b"), "a", false, false, false, false},
           Row{object({{"x", 3}}), 2, false, false, false, false},
           Row{array({}), 2, false, false, false, false},
           Row{array({1, 3}), 2, true, true, true, true},
           Row{array({1, "x"}), 2, false, false, true, true},
           Row{array({array({3})}), 2, false, false, false, false},
       }) {
    SCOPED_TRACE(print(row.value) + " and " + print(row.operand));
    EXPECT_EQ(field_matches("$gt", row.operand, row.value), row.gt);
    EXPECT_EQ(field_matches("$gte", row.operand, row.value), row.gte);
    EXPECT_EQ(field_matches("$lt", row.operand, row.value), row.lt);
    EXPECT_EQ(field_matches("$lte", row.operand, row.value), row.lte);
  }
  EXPECT_FALSE(missing_matches("$lt", 1));
}

TEST(FilterOperators, ArraysMatchWholeOrByElement) {
  const Tree tags = array({"a", "b", array({"c"})});
  EXPECT_TRUE(field_matches("$eq", "a", tags));
  EXPECT_TRUE(field_matches("$eq", tags, tags));
  EXPECT_TRUE(field_matches("$eq", array({"c"}), tags));
  EXPECT_FALSE(field_matches("$eq", "c", tags));
  EXPECT_FALSE(field_matches("$eq", array({"a", "b"}), tags));
  EXPECT_FALSE(field_matches("$eq", array({"b", "a"}), array({"a", "b"})));
  EXPECT_FALSE(field_matches("$ne", "a", tags));
  EXPECT_TRUE(field_matches("$in", array({"x", "b"}), tags));
  EXPECT_TRUE(field_matches("$in", array({array({"a", 1})}), array({"a", 1})));
  EXPECT_FALSE(field_matches("$in", array({"x", "c"}), tags));
  EXPECT_FALSE(field_matches("$nin", array({"x", "b"}), tags));
  EXPECT_TRUE(matches(object({{"f", array({1, 2})}}), object({{"f", array({1, 2})}})));
  EXPECT_TRUE(field_matches("$eq", kNull, array({1, kNull})));
}

TEST(FilterOperators, InOverManyValues) {
  std::vector<Tree> texts;
  std::vector<Tree> numbers;
  for (int i = 0; i < 5000; ++i) {
    texts.emplace_back("id-" + std::to_string(i));
    numbers.emplace_back(i * 0.5);
  }
  const auto text_filter = Filter::parse(encode(object({{"f", object({{"$in", array(texts)}})}})));
  const auto number_filter =
      Filter::parse(encode(object({{"f", object({{"$in", array(numbers)}})}})));
  for (int i = 0; i < 10'000; i += 7) {
    EXPECT_EQ(text_filter->matches(encode(object({{"f", "id-" + std::to_string(i)}}))), i < 5000);
    EXPECT_EQ(number_filter->matches(encode(object({{"f", i * 0.5}}))), i < 5000);
  }
  EXPECT_FALSE(field_matches("$in", array({}), 1));
  EXPECT_TRUE(field_matches("$nin", array({}), 1));
  EXPECT_FALSE(field_matches("$in", array({}), array({})));
}

TEST(FilterOperators, Exists) {
  EXPECT_TRUE(field_matches("$exists", true, 1));
  EXPECT_TRUE(field_matches("$exists", true, kNull));
  EXPECT_FALSE(field_matches("$exists", false, 1));
  EXPECT_FALSE(missing_matches("$exists", true));
  EXPECT_TRUE(missing_matches("$exists", false));
}

TEST(FilterOperators, Contains) {
  EXPECT_TRUE(field_matches("$contains", "ell", "hello"));
  EXPECT_TRUE(field_matches("$contains", "", "hello"));
  EXPECT_FALSE(field_matches("$contains", "elx", "hello"));
  EXPECT_FALSE(field_matches("$contains", 1, "1"));
  EXPECT_TRUE(field_matches("$contains", 1, array({0, 1})));
  EXPECT_FALSE(field_matches("$contains", "ell", array({"hello"})));
  EXPECT_TRUE(field_matches("$contains", object({{"a", 1}}), array({object({{"a", 1}})})));
  EXPECT_FALSE(field_matches("$contains", "a", object({{"a", 1}})));
  EXPECT_FALSE(field_matches("$contains", array({1}), array({1})));
}

TEST(FilterOperators, Not) {
  const Tree over = object({{"$gt", 5}});
  EXPECT_FALSE(field_matches("$not", over, 6));
  EXPECT_TRUE(field_matches("$not", over, 5));
  EXPECT_TRUE(field_matches("$not", over, "text"));
  EXPECT_TRUE(missing_matches("$not", over));
  const Tree between = object({{"$gt", 1}, {"$lt", 5}});
  EXPECT_FALSE(field_matches("$not", between, 3));
  EXPECT_TRUE(field_matches("$not", between, 7));
  EXPECT_TRUE(field_matches("$not", object({{"$not", over}}), 6));

  const Tree top = object({{"$not", object({{"a", 1}, {"b", 2}})}});
  EXPECT_FALSE(matches(top, object({{"a", 1}, {"b", 2}})));
  EXPECT_TRUE(matches(top, object({{"a", 1}, {"b", 3}})));
  EXPECT_FALSE(matches(object({{"$not", object({})}}), object({})));
}

TEST(FilterOperators, AndOr) {
  const Tree a = object({{"a", 1}});
  const Tree b = object({{"b", 2}});
  struct Row {
    Tree document;
    bool all, any;
  };
  for (const Row& row :
       {Row{object({{"a", 1}, {"b", 2}}), true, true}, Row{object({{"a", 1}}), false, true},
        Row{object({{"b", 2}}), false, true}, Row{object({}), false, false}}) {
    EXPECT_EQ(matches(object({{"$and", array({a, b})}}), row.document), row.all);
    EXPECT_EQ(matches(object({{"a", 1}, {"b", 2}}), row.document), row.all);
    EXPECT_EQ(matches(object({{"$or", array({a, b})}}), row.document), row.any);
    EXPECT_TRUE(matches(object({{"$and", array({})}}), row.document));
    EXPECT_FALSE(matches(object({{"$or", array({})}}), row.document));
    EXPECT_TRUE(matches(object({}), row.document));
    EXPECT_TRUE(matches(object({{"$or", array({object({}), a})}}), row.document));
  }
  EXPECT_TRUE(field_matches("$gt", 1, 2));
  EXPECT_FALSE(matches(object({{"f", object({{"$gt", 1}, {"$lt", 2}})}}), object({{"f", 2}})));
}

TEST(FilterFields, DottedPaths) {
  const Tree filter = object({{"a.b", 1}});
  EXPECT_TRUE(matches(filter, object({{"a.b", 1}})));
  EXPECT_TRUE(matches(filter, object({{"a", object({{"b", 1}})}})));
  EXPECT_FALSE(matches(filter, object({{"a", object({{"b", 1}})}, {"a.b", 2}})));
  EXPECT_FALSE(matches(filter, object({{"a", array({object({{"b", 1}})})}})));
  EXPECT_FALSE(matches(filter, object({{"a", 1}})));
  EXPECT_TRUE(matches(object({{"größe.höhe", 1}}), object({{"größe", object({{"höhe", 1}})}})));
  EXPECT_TRUE(matches(object({{"a.b", kNull}}), object({{"a", 1}})));
}

TEST(FilterFields, BareObjectsAreValues) {
  EXPECT_TRUE(matches(object({{"f", object({{"x", 1}})}}), object({{"f", object({{"x", 1}})}})));
  EXPECT_FALSE(
      matches(object({{"f", object({{"x", 1}})}}), object({{"f", object({{"x", 1}, {"y", 2}})}})));
  EXPECT_TRUE(matches(object({{"f", object({})}}), object({{"f", object({})}})));
  EXPECT_FALSE(matches(object({{"f", object({})}}), object({})));
  // Behind $eq everything is a value, even what looks like an operator.
  EXPECT_TRUE(field_matches("$eq", object({{"$gt", 1}}), object({{"$gt", 1}})));
}

TEST(FilterErrors, UnknownOperators) {
  const std::string known =
      "; known operators are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $and, $or, $not, $exists, "
      "$contains";
  EXPECT_EQ(refusal(object({{"year", object({{"$foo", 1}})}})),
            "Unknown filter operator \"$foo\" at field \"year\"" + known);
  EXPECT_EQ(refusal(object({{"$nor", array({})}})),
            "Unknown filter operator \"$nor\" outside of a field" + known);
  EXPECT_EQ(refusal(object({{"a", object({{"$not", object({{"$", 1}})}})}})),
            "Unknown filter operator \"$\" at field \"a\"" + known);
}

TEST(FilterErrors, OperandsOfTheWrongType) {
  EXPECT_EQ(refusal(object({{"a.b", object({{"$gt", array({1})}})}})),
            "Filter operator \"$gt\" at field \"a.b\" takes a number or a string, got an array");
  EXPECT_EQ(refusal(object({{"$and", object({})}})),
            "Filter operator \"$and\" outside of a field takes an array of filters, got an object");
  EXPECT_EQ(refusal(object({{"$or", array({object({}), 3})}})),
            "Filter operator \"$or\" outside of a field takes an array of filters, got an array "
            "with a number");
  EXPECT_EQ(refusal(object({{"$not", true}})),
            "Filter operator \"$not\" outside of a field takes a filter, got a boolean");
  EXPECT_EQ(refusal(object({{"f", object({{"$not", object({})}})}})),
            "Filter operator \"$not\" at field \"f\" takes a non-empty object of operators, got an "
            "empty object");
  // Every operator and every kind: accepted exactly where the table says so.
  const std::vector<Tree> kinds{kNull, true, 1, "a", binary("a"), array({}), object({{"a", 1}})};
  for (const OperatorRow& row : kOperators) {
    if (row.place == Place::kTop) continue;
    for (const Tree& operand : kinds) {
      bool fits = false;
      switch (row.operand) {
        case Operand::kAny:
          fits = true;
          break;
        case Operand::kOrdered:
          fits = operand.kind == msgpack::Kind::kNumber || operand.kind == msgpack::Kind::kText;
          break;
        case Operand::kArray:
        case Operand::kFilters:
          fits = operand.kind == msgpack::Kind::kArray;
          break;
        case Operand::kBoolean:
          fits = operand.kind == msgpack::Kind::kBoolean;
          break;
        case Operand::kNegation:
          break;  // The object among the kinds has no operator in it.
      }
      const std::string name(row.name);
      const std::string message = refusal(object({{"f", object({{name, operand}})}}));
      EXPECT_EQ(message == "accepted", fits) << name << " " << print(operand);
      if (!fits) {
        EXPECT_NE(message.find("\"f\""), std::string::npos) << message;
      }
    }
  }
}

TEST(FilterErrors, MisplacedKeys) {
  EXPECT_EQ(refusal(object({{"f", object({{"$gt", 1}, {"x", 2}})}})),
            "Only operators may stand beside or below an operator at field \"f\"; got the key "
            "\"x\"");
  EXPECT_EQ(refusal(object({{"f", object({{"x", 2}, {"$gt", 1}})}})),
            "Only operators may stand beside or below an operator at field \"f\"; got the key "
            "\"x\"");
  EXPECT_EQ(refusal(object({{"f", object({{"$and", array({})}})}})),
            "Filter operator \"$and\" cannot stand under a field, but stands at field \"f\"; write "
            "it around the field");
  EXPECT_EQ(refusal(object({{"$gt", 1}})),
            "Filter operator \"$gt\" has to stand under a field, as in { field: { $gt: … } }");
}

TEST(FilterErrors, NoMapOrMalformed) {
  EXPECT_EQ(refusal(array({})), "A filter has to be an object, got an array");
  EXPECT_EQ(refusal(kNull), "A filter has to be an object, got null");
  const auto empty = Filter::parse({});
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, Code::kInvalidFilter);
}

TEST(FilterErrors, Depth) {
  const auto nested = [](int depth, const char* name) {
    Tree tree = object({{"a", 1}});
    for (int i = 1; i < depth; ++i) {
      tree = std::string_view(name) == "$not" ? object({{name, tree}})
                                              : object({{name, array({tree})}});
    }
    return tree;
  };
  for (const char* name : {"$and", "$or", "$not"}) {
    EXPECT_EQ(refusal(nested(kMaxDepth, name)), "accepted") << name;
    EXPECT_NE(refusal(nested(kMaxDepth + 1, name)).find("deeper than"), std::string::npos) << name;
  }
  EXPECT_TRUE(matches(nested(kMaxDepth, "$and"), object({{"a", 1}})));
  Tree negations = object({{"$gt", 1}});
  for (int i = 0; i < kMaxDepth; ++i) negations = object({{"$not", negations}});
  EXPECT_EQ(refusal(object({{"f", negations}})), "The filter nests deeper than 32 levels");
}

TEST(FilterHostile, DamagedFiltersAndDocuments) {
  const Tree filter_tree =
      object({{"$or", array({object({{"a.b", object({{"$in", array({1, "x", array({2})})}})}}),
                             object({{"$not", object({{"c", object({{"$contains", "y"}})}})}})})},
              {"d", object({{"$not", object({{"$gte", 2.5}, {"$exists", true}})}})},
              {"e", object({{"k", array({kNull, false, binary("b")})}})}});
  const Tree document_tree = object({{"a", object({{"b", array({3, "x"})}})},
                                     {"c", "xyz"},
                                     {"d", 1},
                                     {"e", object({{"k", array({kNull, false, binary("b")})}})}});
  const Buffer filter = encode(filter_tree);
  const Buffer document = encode(document_tree);
  const auto whole = Filter::parse(filter);
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->matches(document));

  const auto cut = [](const Buffer& bytes, size_t size) {
    return Buffer(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  };
  for (size_t size = 0; size < filter.size(); ++size) {
    EXPECT_FALSE(Filter::parse(cut(filter, size))) << size;
  }
  for (size_t size = 0; size < document.size(); ++size) {
    (void)whole->matches(cut(document, size));
  }

  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto damage = [&](Buffer bytes) {
    for (unsigned i = 0; i < 1 + random() % 3; ++i) {
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    }
    return bytes;
  };
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto parsed = Filter::parse(damage(filter));
    if (parsed) {
      ++accepted;
      (void)parsed->matches(document);
    } else {
      EXPECT_EQ(parsed.error().code, Code::kInvalidFilter);
    }
    (void)whole->matches(damage(document));
    Buffer noise(random() % 40);
    for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
    (void)Filter::parse(noise);
    (void)whole->matches(noise);
  }
  EXPECT_GT(accepted, 0);
  Buffer deep(1'000'000, 0x91);
  EXPECT_FALSE(Filter::parse(deep));
  deep.insert(deep.begin(), {0x81, 0xA1, 'e'});
  (void)whole->matches(deep);
}

TEST(FilterThreads, CopiesMatchAtOnce) {
  const auto parsed = Filter::parse(encode(object({{"f", object({{"$in", array({1, "a"})}})}})));
  ASSERT_TRUE(parsed);
  const Buffer document = encode(object({{"f", "a"}}));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = *parsed, &document] {
      for (int round = 0; round < 1000; ++round) EXPECT_TRUE(copy.matches(document));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace quiver::filter
