// Metadata as columns: every map comes back byte for byte, whatever the rows have in common.

#include "column/metadata.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "base/steps.h"
#include "column/metadata_writer.h"

namespace quiver::column {
namespace {

std::string numbered(std::string text, uint32_t number) {
  return text.append(std::to_string(number));
}

class Rows final : public MetadataRows {
 public:
  explicit Rows(const std::vector<Buffer>& maps) : maps_(maps) {}
  [[nodiscard]] uint32_t rows() const override { return static_cast<uint32_t>(maps_.size()); }
  Expected<Bytes> metadata(uint32_t row) override {
    ++asked;
    return Bytes(maps_[row]);
  }
  Expected<std::optional<Bytes>> field(uint32_t row, std::string_view key) override {
    ++asked;
    const auto value = msgpack::Value(maps_[row]).find(key);
    return value ? std::optional<Bytes>(value->bytes()) : std::nullopt;
  }

  uint32_t asked = 0;

 private:
  const std::vector<Buffer>& maps_;
};

class Parts final : public PartSink {
 public:
  Expected<void> begin(uint32_t part) override {
    EXPECT_TRUE(parts.try_emplace(part).second) << part;
    last_ = part;
    return {};
  }
  Expected<void> append(Bytes bytes) override {
    Buffer& part = parts[last_];
    part.insert(part.end(), bytes.begin(), bytes.end());
    return {};
  }

  [[nodiscard]] size_t bytes() const {
    size_t sum = 0;
    for (const auto& [number, part] : parts) sum += part.size();
    return sum;
  }

  std::map<uint32_t, Buffer> parts;

 private:
  uint32_t last_ = 0;
};

Parts write(const std::vector<Buffer>& maps) {
  Rows rows(maps);
  Parts parts;
  MetadataWriter writer(rows, parts);
  const auto written = do_all_steps(writer);
  EXPECT_TRUE(written) << written.error().message;
  return parts;
}

Expected<Metadata> read(const Parts& parts, size_t rows, BlockCache& cache) {
  return Metadata::read(
      static_cast<uint32_t>(rows),
      [&parts](uint32_t part) -> Expected<Bytes> {
        const auto found = parts.parts.find(part);
        if (found == parts.parts.end()) return Error{Code::kCorruptFile, "missing"};
        return Bytes(found->second);
      },
      cache);
}

void expect(const std::vector<Buffer>& maps) {
  const Parts parts = write(maps);
  BlockCache cache(size_t{1} << 20);
  const auto metadata = read(parts, maps.size(), cache);
  ASSERT_TRUE(metadata) << metadata.error().message;
  Scratch scratch;
  for (uint32_t row = 0; row < maps.size(); ++row) {
    const auto map = metadata->map(row, scratch);
    ASSERT_TRUE(map) << map.error().message;
    ASSERT_EQ(Buffer(map->begin(), map->end()), maps[row]) << row;
    for (const msgpack::Entry& entry : msgpack::Value(maps[row]).entries()) {
      const auto value = metadata->field(row, entry.key, scratch);
      ASSERT_TRUE(value && *value) << entry.key;
      const Bytes wanted = entry.value.bytes();
      ASSERT_TRUE(std::equal((*value)->begin(), (*value)->end(), wanted.begin(), wanted.end()));
    }
    ASSERT_FALSE(*metadata->field(row, "no such key", scratch));
  }
  EXPECT_FALSE(metadata->map(static_cast<uint32_t>(maps.size()), scratch));
}

using Fill = std::function<uint32_t(msgpack::Writer&, uint32_t row)>;

/// Maps whose entries `fill` writes; it returns how many.
std::vector<Buffer> maps(uint32_t rows, const Fill& fill) {
  std::vector<Buffer> all;
  for (uint32_t row = 0; row < rows; ++row) {
    msgpack::Writer body;
    const uint32_t entries = fill(body, row);
    msgpack::Writer map;
    map.map(entries);
    map.encoded(body.take());
    all.push_back(map.take());
  }
  return all;
}

/// One key in every row.
std::vector<Buffer> of_one_key(uint32_t rows,
                               const std::function<void(msgpack::Writer&, uint32_t)>& value) {
  return maps(rows, [&value](msgpack::Writer& body, uint32_t row) {
    body.text("key");
    value(body, row);
    return 1U;
  });
}

TEST(Metadata, OfNoRowsAndEmptyMapsComeBack) {
  expect({});
  expect(maps(1, [](msgpack::Writer&, uint32_t) { return 0U; }));
  expect(maps(1000, [](msgpack::Writer&, uint32_t) { return 0U; }));
}

TEST(Metadata, NumbersOfAnyKindComeBack) {
  const std::vector<std::function<double(uint32_t)>> kinds{
      [](uint32_t row) { return row; },
      [](uint32_t row) { return -1e6 + row; },
      [](uint32_t row) { return row * 1e9 - 9e12; },
      [](uint32_t row) { return row * 0.25; },
      [](uint32_t row) { return row % 3 == 0 ? -0.0 : row; },
      [](uint32_t row) { return row % 7 == 0 ? 1e300 : 1.0 / (row + 1); },
      [](uint32_t row) { return row % 2 == 0 ? 9007199254740992.0 : -9007199254740992.0; },
      [](uint32_t row) { return 18446744073709549568.0 - row * 4096.0; },
      [](uint32_t row) { return row % 5; }};
  for (const auto& kind : kinds) {
    expect(
        of_one_key(1000, [&kind](msgpack::Writer& body, uint32_t row) { body.number(kind(row)); }));
  }
}

TEST(Metadata, NumbersInAnotherEncodingComeBack) {
  // As other writers of MessagePack may have them: floats of 32 bits, integers longer than needed.
  expect(of_one_key(100, [](msgpack::Writer& body, uint32_t row) {
    const uint8_t values[][5] = {{0xCA, 0x3F, 0x80, 0, 0}, {0xCE, 0, 0, 0, 1}};
    body.encoded(values[row % 2]);
  }));
  expect(of_one_key(100, [](msgpack::Writer& body, uint32_t row) {
    body.integer((uint64_t{1} << 53) + 1 + row);
  }));
}

TEST(Metadata, ValuesOfEveryKindComeBack) {
  expect(of_one_key(1000, [](msgpack::Writer& body, uint32_t row) {
    switch (row % 8) {
      case 0:
        return body.nil();
      case 1:
        return body.boolean(row % 16 == 1);
      case 2:
        return body.number(row / 3.0);
      case 3:
        return body.text(numbered("text ", row % 24));
      case 4:
        return body.text(std::string(row * 20, 'x'));
      case 5:
        return body.binary(Buffer(row % 50, 7));
      case 6:
        body.array(2);
        body.integer(row);
        return body.text("");
      default:
        body.map(1);
        body.text("inner");
        return body.number(row);
    }
  }));
}

TEST(Metadata, KeysKeepTheirOrder) {
  expect(maps(500, [](msgpack::Writer& body, uint32_t row) {
    const char* const orders[][3] = {{"a", "b", "c"}, {"c", "b", "a"}, {"b", "a", "c"}};
    for (const char* key : orders[row % 3]) {
      body.text(key);
      body.integer(row);
    }
    return 3U;
  }));
}

TEST(Metadata, FieldsThatSomeRowsLackComeBack) {
  expect(maps(1000, [](msgpack::Writer& body, uint32_t row) {
    uint32_t entries = 0;
    const auto entry = [&](std::string_view key) {
      body.text(key);
      ++entries;
    };
    if (row % 2 == 0) {
      entry("number");
      body.integer(row);
    }
    if (row % 3 == 0) {
      entry("text");
      body.text(std::to_string(row));
    }
    if (row % 100 == 99) {
      entry("rare");
      body.boolean(true);
    }
    return entries;
  }));
}

TEST(Metadata, MapsLikeNoOtherComeBack) {
  const auto all = maps(3000, [](msgpack::Writer& body, uint32_t row) {
    for (uint32_t i = 0; i < 3; ++i) {
      body.text(numbered("key", row * 3 + i));
      body.integer(i);
    }
    return 3U;
  });
  expect(all);
  // Nine thousand keys are no nine thousand columns.
  EXPECT_LT(write(all).bytes(), 3000U * 40);
}

TEST(Metadata, OfManyKeysComeBack) {
  expect(maps(20, [](msgpack::Writer& body, uint32_t row) {
    for (uint32_t i = 0; i < 400; ++i) {
      body.text(numbered("key", i));
      body.integer(row + i);
    }
    return 400U;
  }));
}

TEST(Metadata, OfRandomRowsComeBack) {
  std::mt19937 random(3);
  for (int round = 0; round < 30; ++round) {
    const uint32_t keys = 1 + random() % 12;
    const uint32_t kinds = 1 + random() % 4;
    expect(maps(1 + random() % 300, [&](msgpack::Writer& body, uint32_t) {
      uint32_t entries = 0;
      for (uint32_t key = 0; key < keys; ++key) {
        if (random() % 4 == 0) continue;
        ++entries;
        body.text(numbered("k", key));
        switch ((key + random() % kinds) % 4) {
          case 0:
            body.integer(random() % 1000);
            break;
          case 1:
            body.text(numbered("t", random() % 10));
            break;
          case 2:
            body.number(random() / 7.0);
            break;
          default:
            body.boolean(random() % 2 == 0);
        }
      }
      return entries;
    }));
  }
}

TEST(Metadata, ThatAreTheSameInManyRowsAreStoredOnce) {
  std::mt19937 random(4);
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) {
    std::string& one = texts.emplace_back();
    for (int j = 0; j < 500; ++j) one += static_cast<char>(random() % 256);
  }
  const auto all = of_one_key(20'000, [&](msgpack::Writer& body, uint32_t) {
    body.binary(as_bytes(texts[random() % texts.size()]));
  });
  EXPECT_LT(write(all).bytes(), 100U * 520 + 20'000 + 10'000);
}

TEST(Metadata, TakeFewBytes) {
  const auto all = maps(10'000, [](msgpack::Writer& body, uint32_t row) {
    body.text("genre");
    body.text(numbered("genre number ", row % 20));
    body.text("year");
    body.integer(1900 + row % 120);
    body.text("published");
    body.boolean(row % 3 == 0);
    return 3U;
  });
  EXPECT_LT(write(all).bytes(), 10'000U * 4) << "a byte a field, and what all rows share";
}

TEST(Metadata, DamagedAnywhereAreRefusedOrHarmless) {
  const auto all = maps(150, [](msgpack::Writer& body, uint32_t row) {
    body.text("n");
    body.integer(row * 1000);
    body.text("t");
    body.text(numbered("text ", row % 5));
    if (row % 50 != 7) return 2U;
    body.text(numbered("only", row));
    body.number(0.5);
    return 3U;
  });
  const Parts whole = write(all);
  BlockCache none(0);
  Scratch scratch;
  size_t refused = 0;
  const auto use = [&](const Parts& damaged) {
    const auto metadata = read(damaged, all.size(), none);
    if (!metadata) {
      ++refused;
      ASSERT_EQ(metadata.error().code, Code::kCorruptFile);
      return;
    }
    for (const uint32_t row : {0U, 7U, 100U, 149U}) {
      const auto map = metadata->map(row, scratch);
      ASSERT_TRUE(map || map.error().code == Code::kCorruptFile);
      (void)metadata->field(row, "t", scratch);
      (void)metadata->field(row, "only7", scratch);
    }
  };
  for (const auto& [number, part] : whole.parts) {
    Parts without = whole;
    without.parts.erase(number);
    use(without);
    for (size_t at = 0; at < part.size(); ++at) {
      for (const uint8_t lie : {uint8_t{0}, uint8_t{1}, uint8_t{0xFF}}) {
        Parts damaged = whole;
        damaged.parts[number][at] = lie;
        use(damaged);
      }
    }
    for (size_t size = 0; size < part.size(); size += 5) {
      Parts damaged = whole;
      damaged.parts[number].resize(size);
      damaged.parts[number].shrink_to_fit();
      use(damaged);
    }
  }
  EXPECT_GT(refused, 0U);
}

// ---------------------------------------------------------------------------------------------------

TEST(Metadata, AreWrittenInStepsOfAFewRows) {
  // A number, one of few texts, a text of its own, and in some rows keys that no others have.
  const std::vector<Buffer> all = maps(20000, [](msgpack::Writer& body, uint32_t row) {
    body.text("number");
    body.number(row);
    body.text("kind");
    body.text(numbered("kind ", row % 7));
    body.text("name");
    body.text(numbered("name ", row));
    if (row % 500 != 0) return 3U;
    body.text(numbered("rare ", row));
    body.number(row);
    return 4U;
  });
  Rows rows(all);
  Parts parts;
  MetadataWriter writer(rows, parts);
  uint32_t most = 0;
  for (bool is_done = false; !is_done;) {
    rows.asked = 0;
    const auto done = writer.step();
    ASSERT_TRUE(done);
    is_done = *done;
    most = std::max(most, rows.asked);
  }
  EXPECT_LE(most, 512U);
  BlockCache cache(1 << 20);
  EXPECT_TRUE(read(parts, all.size(), cache));
}

}  // namespace
}  // namespace quiver::column
