#include "base/msgpack.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace quiver::msgpack {
namespace {

template <typename Write>
Buffer written(Write write) {
  Writer out;
  write(out);
  return out.take();
}

/// Reads all there is to read; the checksum keeps the reads from being optimised away.
size_t walk(const Value& value, int depth = 0) {
  size_t sum = value.bytes().size() + value.text().size() + value.binary().size() + value.size();
  sum += value.boolean() ? 1 : 0;
  sum += value.whole().value_or(0) % 7;
  for (const char c : value.text()) sum += static_cast<uint8_t>(c);
  if (depth > 70) return sum;
  for (const Value& element : value.elements()) sum += walk(element, depth + 1);
  for (const Entry& entry : value.entries()) sum += entry.key.size() + walk(entry.value, depth + 1);
  sum += value.find("k") ? 1 : 0;
  sum += value.find_path("k.a.b") ? 1 : 0;
  return sum;
}

Buffer sample() {
  return written([](Writer& out) {
    const Buffer binary(300, 7);
    out.map(5);
    out.text("k");
    out.map(1);
    out.text("a");
    out.map(1);
    out.text("b");
    out.array(3);
    out.nil();
    out.boolean(true);
    out.number(1.5);
    out.text("long");
    out.text(std::string(40, 'x'));
    out.text("list");
    out.array(20);
    for (int i = 0; i < 20; ++i) out.integer(i * -1000);
    out.text("binary");
    out.binary(binary);
    out.text("größe");
    out.integer(std::numeric_limits<uint64_t>::max());
  });
}

TEST(MsgpackWriter, NumbersAreExactAndShort) {
  struct Case {
    double number;
    size_t size;
  };
  for (const Case& each : std::vector<Case>{{0, 1},
                                            {127, 1},
                                            {128, 2},
                                            {255, 2},
                                            {256, 3},
                                            {65535, 3},
                                            {65536, 5},
                                            {4294967295.0, 5},
                                            {4294967296.0, 9},
                                            {18446744073709549568.0, 9},
                                            {18446744073709551616.0, 9},
                                            {-1, 1},
                                            {-32, 1},
                                            {-33, 2},
                                            {-128, 2},
                                            {-129, 3},
                                            {-32768, 3},
                                            {-32769, 5},
                                            {-2147483648.0, 5},
                                            {-2147483649.0, 9},
                                            {-9223372036854775808.0, 9},
                                            {-1e300, 9},
                                            {0.5, 9},
                                            {INFINITY, 9},
                                            {-INFINITY, 9}}) {
    const Buffer bytes = written([&](Writer& out) { out.number(each.number); });
    EXPECT_EQ(bytes.size(), each.size) << each.number;
    EXPECT_TRUE(Value(bytes).is(Kind::kNumber));
    EXPECT_EQ(Value(bytes).number(), each.number);
    EXPECT_TRUE(validate(bytes, "number"));
  }
  const Buffer zero = written([](Writer& out) { out.number(-0.0); });
  EXPECT_TRUE(std::signbit(Value(zero).number()));
  const Buffer nan = written([](Writer& out) { out.number(NAN); });
  EXPECT_TRUE(std::isnan(Value(nan).number()));
}

TEST(MsgpackWriter, MatchesTheSpecification) {
  EXPECT_EQ(written([](Writer& out) { out.integer(int64_t{-2}); }), (Buffer{0xFE}));
  EXPECT_EQ(written([](Writer& out) { out.integer(0x1234); }), (Buffer{0xCD, 0x12, 0x34}));
  EXPECT_EQ(written([](Writer& out) { out.integer(-200); }), (Buffer{0xD1, 0xFF, 0x38}));
  EXPECT_EQ(written([](Writer& out) { out.number(1.5); }),
            (Buffer{0xCB, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(written([](Writer& out) { out.text("ab"); }), (Buffer{0xA2, 'a', 'b'}));
  EXPECT_EQ(written([](Writer& out) { out.binary(Buffer{9}); }), (Buffer{0xC4, 1, 9}));
  EXPECT_EQ(written([](Writer& out) { out.map(16); }), (Buffer{0xDE, 0, 16}));
  EXPECT_EQ(written([](Writer& out) { out.array(65536); }), (Buffer{0xDD, 0, 1, 0, 0}));
}

TEST(MsgpackValue, ReadsEveryLengthForm) {
  for (const size_t size : {0u, 31u, 32u, 255u, 256u, 65535u, 65536u}) {
    const std::string text(size, 't');
    const Buffer as_string = written([&](Writer& out) { out.text(text); });
    EXPECT_EQ(Value(as_string).text(), text);
    EXPECT_TRUE(validate(as_string, "text"));
    const Buffer raw = written([&](Writer& out) { out.binary(as_bytes(text)); });
    EXPECT_EQ(as_text(Value(raw).binary()), text);
    EXPECT_TRUE(validate(raw, "binary"));
    const Buffer array = written([&](Writer& out) {
      out.array(static_cast<uint32_t>(size));
      for (size_t i = 0; i < size; ++i) out.integer(uint64_t{i});
    });
    size_t next = 0;
    for (const Value& element : Value(array).elements()) {
      ASSERT_EQ(element.whole(), std::optional<uint64_t>(next++));
    }
    EXPECT_EQ(next, size);
    EXPECT_TRUE(validate(array, "array"));
    const Buffer map = written([&](Writer& out) {
      out.map(static_cast<uint32_t>(size));
      for (size_t i = 0; i < size; ++i) {
        out.text(std::to_string(i));
        out.boolean(true);
      }
    });
    EXPECT_EQ(Value(map).size(), size);
    EXPECT_EQ(Value(map).find(std::to_string(size - 1)).has_value(), size != 0);
    EXPECT_FALSE(Value(map).find("x"));
    EXPECT_TRUE(validate(map, "map"));
  }
}

TEST(MsgpackValue, ReadsFormsThatTheWriterDoesNotUse) {
  EXPECT_EQ(Value(Buffer{0xCA, 0x3F, 0xC0, 0, 0}).number(), 1.5);
  EXPECT_EQ(Value(Buffer{0xD0, 0x05}).number(), 5);
  EXPECT_EQ(Value(Buffer{0xD3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}).number(), -1);
  EXPECT_EQ(Value(Buffer{0xDB, 0, 0, 0, 1, 'a'}).text(), "a");
  EXPECT_EQ(Value(Buffer{0xDF, 0, 0, 0, 1, 0xA1, 'a', 7}).find("a")->number(), 7);
}

TEST(MsgpackValue, WholeNumbers) {
  const auto whole = [](double number) {
    const Buffer bytes = written([&](Writer& out) { out.number(number); });
    return Value(bytes).whole();
  };
  EXPECT_EQ(whole(0), 0u);
  EXPECT_EQ(whole(9007199254740992.0), 9007199254740992u);
  EXPECT_FALSE(whole(9007199254740994.0));
  EXPECT_FALSE(whole(-1));
  EXPECT_FALSE(whole(0.5));
  EXPECT_FALSE(whole(NAN));
  EXPECT_FALSE(Value(Buffer{0xC3}).whole());
}

TEST(MsgpackValue, OtherKindsReadAsEmpty) {
  const Buffer bytes{0xC3};
  const Value value(bytes);
  EXPECT_EQ(value.number(), 0);
  EXPECT_EQ(value.text(), "");
  EXPECT_EQ(value.size(), 0u);
  EXPECT_FALSE(value.find("a"));
  EXPECT_FALSE(Value(Buffer{0xA1, 'a'}).boolean());
  EXPECT_TRUE(Value(Bytes()).is(Kind::kNil));
  EXPECT_TRUE(Value().bytes().empty());
}

TEST(MsgpackValue, FindPathPrefersTheExactKey) {
  const auto path_in = [](auto write) {
    const Buffer bytes = written(write);
    EXPECT_TRUE(validate(bytes, "map"));
    const auto found = Value(bytes).find_path("a.b.c");
    return found ? found->number() : -1;
  };
  const auto nested = [](Writer& out, std::string_view rest, int number) {
    out.text("a");
    out.map(1);
    out.text(rest);
    out.integer(number);
  };
  EXPECT_EQ(path_in([&](Writer& out) {
              out.map(2);
              nested(out, "b.c", 2);
              out.text("a.b.c");
              out.integer(1);
            }),
            1);
  EXPECT_EQ(path_in([&](Writer& out) {
              out.map(1);
              nested(out, "b.c", 2);
            }),
            2);
  EXPECT_EQ(path_in([&](Writer& out) {
              out.map(1);
              out.text("a");
              out.map(1);
              out.text("b");
              out.map(1);
              out.text("c");
              out.integer(3);
            }),
            3);
  // An array on the way is not descended.
  EXPECT_EQ(path_in([&](Writer& out) {
              out.map(1);
              out.text("a");
              out.array(1);
              out.map(1);
              out.text("b.c");
              out.integer(4);
            }),
            -1);
  const Buffer empty_keys = written([](Writer& out) {
    out.map(1);
    out.text("");
    out.map(1);
    out.text("");
    out.integer(5);
  });
  EXPECT_EQ(Value(empty_keys).find_path(".")->number(), 5);
}

TEST(MsgpackValidate, NamesTheProblem) {
  const auto problem = [](Buffer bytes) {
    const auto result = validate(bytes, "metadata", Code::kInvalidMetadata);
    if (result) return std::string("valid");
    EXPECT_EQ(result.error().code, Code::kInvalidMetadata);
    return result.error().message;
  };
  EXPECT_EQ(problem({}), "metadata ends too early at offset 0");
  EXPECT_EQ(problem({0xA2, 'a'}), "metadata has a value that reaches past the end at offset 0");
  EXPECT_EQ(problem({0xC0, 0xC0}),
            "metadata has 1 bytes behind its one MessagePack value at offset 1");
  EXPECT_EQ(problem({0xC1}),
            "metadata has the byte 0xC1, which MessagePack never uses, at offset 0");
  EXPECT_EQ(problem({0x91, 0xD4, 1, 1}),
            "metadata has an extension type, which is not supported, at offset 1");
  EXPECT_EQ(problem({0x81, 0x01, 0x01}), "metadata has a map key that is not text at offset 1");
  EXPECT_EQ(problem({0x81, 0xA1, 0xFF, 0x01}), "metadata has text that is not UTF-8 at offset 1");
  EXPECT_EQ(problem({0x82, 0xA1, 'a', 1, 0xA1, 'a', 2}),
            "metadata has the map key \"a\" a second time at offset 4");
  // A count that no amount of memory could hold.
  EXPECT_EQ(problem({0xDD, 0xFF, 0xFF, 0xFF, 0xFF, 0xC0}),
            "metadata has a value that reaches past the end at offset 0");
}

TEST(MsgpackValidate, FindsDuplicatesInLargeMaps) {
  const auto map = [](int repeated) {
    return written([&](Writer& out) {
      out.map(1000);
      for (int i = 0; i < 1000; ++i) {
        out.text(std::to_string(i == 999 ? repeated : i));
        out.nil();
      }
    });
  };
  EXPECT_TRUE(validate(map(999), "map"));
  EXPECT_FALSE(validate(map(500), "map"));
}

TEST(MsgpackValidate, LimitsDepth) {
  const auto nested = [](int depth) {
    Buffer bytes(static_cast<size_t>(depth), 0x91);
    bytes.push_back(0xC0);
    return bytes;
  };
  EXPECT_TRUE(validate(nested(kMaxDepth), "value"));
  const auto deeper = validate(nested(kMaxDepth + 1), "value");
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error().message, "value nests deeper than 64 levels at offset 64");
  EXPECT_FALSE(validate(nested(1'000'000), "value"));
  // Reading it unchecked does not use the stack either.
  const Buffer deep = nested(1'000'000);
  EXPECT_EQ(Value(deep).bytes().size(), deep.size());
  EXPECT_GT(walk(Value(nested(100))), 0u);
}

TEST(MsgpackHostile, EveryTruncationIsRefusedAndReadable) {
  const Buffer whole = sample();
  ASSERT_TRUE(validate(whole, "sample"));
  for (size_t size = 0; size < whole.size(); ++size) {
    // A copy of the exact size, so that AddressSanitizer sees any read past the end.
    const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(validate(cut, "sample")) << size;
    walk(Value(cut));
  }
}

TEST(MsgpackHostile, RandomAndDamagedBytesAreReadable) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const Buffer whole = sample();
  for (int round = 0; round < 20'000; ++round) {
    Buffer bytes;
    if (round % 2 == 0) {
      bytes.resize(random() % 64);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    } else {
      bytes = whole;
      for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    }
    const bool valid = validate(bytes, "bytes").has_value();
    walk(Value(bytes));
    if (valid) {
      EXPECT_EQ(Value(bytes).bytes().size(), bytes.size());
    }
    const Buffer merged = merge_maps(bytes, whole);
    EXPECT_TRUE(Value(merge_maps(whole, bytes)).is(Kind::kMap));
    if (valid) {
      EXPECT_TRUE(validate(merged, "merged"));
    }
  }
}

TEST(MsgpackMerge, ReplacesInPlaceAndAppends) {
  const auto map = [](std::vector<std::pair<std::string, int>> entries) {
    return written([&](Writer& out) {
      out.map(static_cast<uint32_t>(entries.size()));
      for (const auto& [key, number] : entries) {
        out.text(key);
        out.integer(number);
      }
    });
  };
  EXPECT_EQ(merge_maps(map({{"a", 1}, {"b", 2}, {"c", 3}}), map({{"d", 4}, {"b", 5}, {"e", 6}})),
            map({{"a", 1}, {"b", 5}, {"c", 3}, {"d", 4}, {"e", 6}}));
  EXPECT_EQ(merge_maps(map({}), map({{"a", 1}})), map({{"a", 1}}));
  EXPECT_EQ(merge_maps(map({{"a", 1}}), map({})), map({{"a", 1}}));
  EXPECT_EQ(merge_maps({}, {}), map({}));
  std::vector<std::pair<std::string, int>> many;
  for (int i = 0; i < 20; ++i) many.emplace_back(std::to_string(i), i);
  EXPECT_EQ(
      merge_maps(map({many.begin(), many.begin() + 10}), map({many.begin() + 10, many.end()})),
      map(many));
}

TEST(MsgpackMerge, DoesNotMergeNestedMaps) {
  const auto nested = [](std::string_view key) {
    return written([&](Writer& out) {
      out.map(1);
      out.text("m");
      out.map(1);
      out.text(key);
      out.nil();
    });
  };
  EXPECT_EQ(merge_maps(nested("a"), nested("b")), nested("b"));
}

}  // namespace
}  // namespace quiver::msgpack
