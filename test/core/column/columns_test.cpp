// Numbers, values and ids as columns: what was written comes back, and damage is harmless.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/steps.h"
#include "column/ids.h"
#include "column/packed_numbers.h"
#include "column/values.h"

namespace quiver::column {
namespace {

Sink into(Buffer& out) {
  return [&out](Bytes bytes) -> Expected<void> {
    out.insert(out.end(), bytes.begin(), bytes.end());
    return {};
  };
}

// ---------------------------------------------------------------------------------------------------

Buffer packed(const std::vector<uint64_t>& numbers) {
  ByteWriter writer;
  append_packed(numbers, writer);
  return writer.take();
}

TEST(PackedNumbers, ComeBack) {
  const std::vector<std::vector<uint64_t>> examples{{},
                                                    {7},
                                                    {9, 9, 9},
                                                    {0, 255},
                                                    {1000, 1256},
                                                    {0, 65536},
                                                    {1, uint64_t{1} << 40},
                                                    {0, UINT64_MAX},
                                                    {UINT64_MAX, UINT64_MAX - 3, UINT64_MAX - 300}};
  for (const auto& example : examples) {
    const Buffer bytes = packed(example);
    ByteReader reader(bytes);
    const auto numbers = PackedNumbers::read(reader);
    ASSERT_TRUE(numbers);
    ASSERT_EQ(numbers->size(), example.size());
    EXPECT_EQ(reader.remaining(), 0U);
    for (uint32_t i = 0; i < example.size(); ++i) EXPECT_EQ((*numbers)[i], example[i]);
  }
}

TEST(PackedNumbers, TakeNoMoreBytesThanTheirRangeNeeds) {
  EXPECT_EQ(packed(std::vector<uint64_t>(1000, 123456789)).size(), 16U);
  EXPECT_EQ(packed({1'000'000, 1'000'255}).size(), 16U + 2);
  EXPECT_EQ(packed({1'000'000, 1'000'256}).size(), 16U + 4);
}

TEST(PackedNumbers, AreSearched) {
  const Buffer bytes = packed({0, 10, 10, 20, 300});
  ByteReader reader(bytes);
  const auto numbers = PackedNumbers::read(reader);
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->last_not_above(0), 0U);
  EXPECT_EQ(numbers->last_not_above(9), 0U);
  EXPECT_EQ(numbers->last_not_above(10), 2U);
  EXPECT_EQ(numbers->last_not_above(299), 3U);
  EXPECT_EQ(numbers->last_not_above(UINT64_MAX), 4U);
}

TEST(PackedNumbers, ThatDoNotFitAreRefused) {
  const Buffer whole = packed({1, 2, 300});
  for (size_t size = 0; size < whole.size(); ++size) {
    const Buffer cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    ByteReader reader(cut);
    EXPECT_FALSE(PackedNumbers::read(reader)) << size;
  }
  Buffer wide = whole;
  wide[12] = 3;  // the width
  ByteReader reader(wide);
  EXPECT_FALSE(PackedNumbers::read(reader));
}

// ---------------------------------------------------------------------------------------------------

class ValuesTest : public testing::Test {
 protected:
  static Buffer write(const std::vector<std::string>& values) {
    Buffer out;
    ValuesWriter writer(into(out));
    for (const std::string& value : values) EXPECT_TRUE(writer.add(as_bytes(value)));
    EXPECT_EQ(writer.size(), values.size());
    EXPECT_TRUE(writer.finish());
    return out;
  }

  void expect(const std::vector<std::string>& values) {
    const Buffer bytes = write(values);
    const auto column = Values::read(bytes, cache_);
    ASSERT_TRUE(column) << column.error().message;
    ASSERT_EQ(column->size(), values.size());
    for (int round = 0; round < 2; ++round) {
      for (uint32_t i = 0; i < values.size(); ++i) {
        const auto value = column->get(i);
        ASSERT_TRUE(value) << value.error().message;
        ASSERT_EQ(as_text(value->bytes), values[i]) << i;
      }
    }
    EXPECT_FALSE(column->get(static_cast<uint32_t>(values.size())));
  }

  /// Sentences that repeat themselves, so that they compress.
  static std::vector<std::string> sentences(size_t count) {
    std::mt19937 random(1);
    std::vector<std::string> all;
    for (size_t i = 0; i < count; ++i) {
      std::string text;
      for (size_t words = random() % 40; words > 0; --words) {
        text += "word" + std::to_string(random() % 50) + " ";
      }
      all.push_back(text + std::to_string(i));
    }
    return all;
  }

  BlockCache cache_{size_t{1} << 20};
};

TEST_F(ValuesTest, ComeBack) {
  expect({});
  expect({""});
  expect({"", "", "a", ""});
  expect({std::string(100'000, 'x'), "small", std::string(9000, 'y')});
  expect(sentences(3000));
}

TEST_F(ValuesTest, ThatRepeatThemselvesAreCompressed) {
  const auto values = sentences(3000);
  size_t raw = 0;
  for (const std::string& value : values) raw += value.size();
  EXPECT_LT(write(values).size(), raw / 2);
}

TEST_F(ValuesTest, OfOneColumnAreNotTakenForAnothers) {
  const Buffer first = write(sentences(500));
  auto changed = sentences(500);
  for (std::string& value : changed) value[value.size() - 1] = '#';
  const Buffer second = write(changed);
  const auto a = Values::read(first, cache_);
  const auto b = Values::read(second, cache_);
  ASSERT_TRUE(a && b);
  EXPECT_NE(as_text(a->get(3)->bytes), as_text(b->get(3)->bytes));
}

TEST_F(ValuesTest, DamagedAnywhereAreRefusedOrHarmless) {
  const Buffer whole = write(sentences(200));
  BlockCache none(0);
  size_t refused = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    // Exact size, so that a sanitizer sees a read beyond the end.
    Buffer damaged = whole;
    damaged[at] ^= static_cast<uint8_t>(1U << (at % 8));
    const auto column = Values::read(damaged, none);
    if (!column) {
      ++refused;
      continue;
    }
    for (const uint32_t i : {0U, 57U, 199U}) {
      const auto value = column->get(i);
      if (!value) {
        ++refused;
        ASSERT_EQ(value.error().code, Code::kCorruptFile);
      }
    }
  }
  EXPECT_GT(refused, 0U);
  for (size_t size = 0; size < whole.size(); size += 3) {
    const Buffer cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    if (const auto column = Values::read(cut, none)) (void)column->get(0);
  }
}

TEST(BlockCache, ForgetsWhatIsNotUsed) {
  BlockCache cache(16 * 1000);  // 1,000 bytes a shard
  const uint32_t owner = cache.new_owner();
  const auto block = std::make_shared<const Buffer>(400);
  for (uint32_t i = 0; i < 1000; ++i) cache.add(owner, i, block);
  EXPECT_LE(cache.bytes(), 16'000U);
  EXPECT_TRUE(cache.find(owner, 999));
  size_t kept = 0;
  for (uint32_t i = 0; i < 1000; ++i) kept += cache.find(owner, i) != nullptr ? 1 : 0;
  EXPECT_EQ(kept, 32U);
  EXPECT_FALSE(cache.find(cache.new_owner(), 999));
  cache.add(owner, 5000, std::make_shared<const Buffer>(2000));
  EXPECT_FALSE(cache.find(owner, 5000)) << "larger than a shard";
}

TEST(BlockCache, KeepsWhatIsUsedWhileOthersCome) {
  BlockCache cache(16 * 1000);
  const uint32_t owner = cache.new_owner();
  const auto block = std::make_shared<const Buffer>(400);
  for (uint32_t i = 0; i < 1000; ++i) {
    cache.add(owner, i, block);
    ASSERT_TRUE(cache.find(owner, 0));
  }
}

// ---------------------------------------------------------------------------------------------------

struct IdFile {
  Buffer ids;
  Buffer lookup;
};

IdFile write(const std::vector<std::string>& ids) {
  IdFile file;
  const auto id = [&ids](uint32_t row) -> Expected<std::string_view> {
    return std::string_view(ids[row]);
  };
  const auto rows = static_cast<uint32_t>(ids.size());
  IdsWriter ids_writer(rows, id, into(file.ids));
  EXPECT_TRUE(do_all_steps(ids_writer));
  IdLookupWriter lookup_writer(rows, id, into(file.lookup));
  EXPECT_TRUE(do_all_steps(lookup_writer));
  return file;
}

TEST(Ids, AreWrittenInStepsOfAFew) {
  constexpr uint32_t kRows = 20000;
  uint32_t asked = 0;
  std::string text;
  const auto id = [&](uint32_t row) -> Expected<std::string_view> {
    ++asked;
    return std::string_view(text = std::to_string(row));
  };
  const auto most_asked = [&](auto& writer) {
    uint32_t most = 0;
    for (bool is_done = false; !is_done;) {
      asked = 0;
      const auto done = writer.step();
      EXPECT_TRUE(done);
      is_done = !done || *done;
      most = std::max(most, asked);
    }
    return most;
  };
  IdFile file;
  IdsWriter ids(kRows, id, into(file.ids));
  EXPECT_LE(most_asked(ids), 512U);
  IdLookupWriter lookup(kRows, id, into(file.lookup));
  EXPECT_LE(most_asked(lookup), 512U);
  const auto column = Ids::read(kRows, file.ids, file.lookup);
  ASSERT_TRUE(column);
  EXPECT_EQ(column->find("19999"), 19999U);
}

void expect_ids(const std::vector<std::string>& ids) {
  const IdFile file = write(ids);
  const auto column = Ids::read(static_cast<uint32_t>(ids.size()), file.ids, file.lookup);
  ASSERT_TRUE(column) << column.error().message;
  std::string scratch;
  for (uint32_t row = 0; row < ids.size(); ++row) {
    ASSERT_EQ(*column->id(row, scratch), ids[row]);
    ASSERT_EQ(column->find(ids[row]), row) << ids[row];
  }
  EXPECT_EQ(column->find("absent"), std::nullopt);
  EXPECT_FALSE(column->id(static_cast<uint32_t>(ids.size()), scratch));
}

std::vector<std::string> random_ids(size_t count) {
  std::mt19937 random(2);
  std::unordered_set<std::string> known;
  std::vector<std::string> ids;
  while (ids.size() < count) {
    std::string id = random() % 2 == 0 ? "item-" : "";
    for (size_t length = 1 + random() % 30; length > 0; --length) {
      id += static_cast<char>(random() % 256);
    }
    if (known.insert(id).second) ids.push_back(std::move(id));
  }
  return ids;
}

TEST(Ids, ComeBackAndAreFound) {
  expect_ids({});
  expect_ids({"a"});
  expect_ids({"", "a", "ab", "abc", "b"});
  expect_ids({std::string(70'000, 'x'), std::string(70'000, 'x') + "y"});
  for (const size_t count : {15U, 16U, 17U, 5000U}) expect_ids(random_ids(count));
}

TEST(Ids, InARowTakeFewBytes) {
  std::vector<std::string> ids;
  for (int i = 0; i < 10'000; ++i) ids.push_back("document-" + std::to_string(100'000 + i));
  const IdFile file = write(ids);
  EXPECT_LT(file.ids.size(), 10'000U * 5);
  EXPECT_LT(file.lookup.size(), 10'000U * 8);
}

TEST(Ids, DamagedAnywhereAreRefusedOrHarmless) {
  const auto ids = random_ids(200);
  const IdFile whole = write(ids);
  std::string scratch;
  for (const bool in_lookup : {false, true}) {
    const size_t size = (in_lookup ? whole.lookup : whole.ids).size();
    for (size_t at = 0; at < size; ++at) {
      for (const uint8_t lie : {uint8_t{0}, uint8_t{0x7F}, uint8_t{0xFF}}) {
        IdFile damaged = whole;
        (in_lookup ? damaged.lookup : damaged.ids)[at] = lie;
        const auto column = Ids::read(200, damaged.ids, damaged.lookup);
        if (!column) continue;
        for (const uint32_t row : {0U, 16U, 199U}) {
          (void)column->id(row, scratch);
          (void)column->find(ids[row]);
        }
      }
    }
  }
  for (size_t size = 0; size < whole.ids.size(); ++size) {
    const Buffer cut(whole.ids.begin(), whole.ids.begin() + static_cast<ptrdiff_t>(size));
    if (const auto column = Ids::read(200, cut, whole.lookup)) (void)column->id(199, scratch);
  }
  EXPECT_FALSE(Ids::read(200, whole.ids, Bytes(whole.lookup).first(whole.lookup.size() - 1)));
  EXPECT_FALSE(Ids::read(199, whole.ids, whole.lookup));
}

}  // namespace
}  // namespace quiver::column
