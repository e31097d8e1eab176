// Results that differ: what a group is, what the options of a query may be, and how results are
// picked. Whole queries are compared with brute force by the conformance tests.

#include "engine/variety.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "engine/group_key.h"
#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using msgpack::Writer;
using test::BatchMaker;
using test::CollectionFixture;

/// What `write` writes.
template <typename Write>
Buffer written(const Write& write) {
  Writer writer;
  write(writer);
  return writer.take();
}

template <typename Write>
std::string key_of(const Write& write) {
  const Buffer bytes = written(write);
  return group_key(msgpack::Value(bytes));
}

TEST(GroupKey, IsTheSameForWhatIsTheSame) {
  EXPECT_EQ(group_key(std::nullopt), key_of([](Writer& writer) { writer.nil(); }));
  EXPECT_EQ(key_of([](Writer& writer) { writer.number(0.0); }),
            key_of([](Writer& writer) { writer.number(-0.0); }));
  const auto map = [](bool turned) {
    return key_of([turned](Writer& writer) {
      writer.map(2);
      writer.text(turned ? "b" : "a");
      writer.integer(turned ? 2 : 1);
      writer.text(turned ? "a" : "b");
      writer.integer(turned ? 1 : 2);
    });
  };
  EXPECT_EQ(map(false), map(true));
}

TEST(GroupKey, IsAnotherForWhatIsNot) {
  const auto array = [](std::initializer_list<std::string_view> texts) {
    return key_of([texts](Writer& writer) {
      writer.array(static_cast<uint32_t>(texts.size()));
      for (const std::string_view text : texts) writer.text(text);
    });
  };
  const std::vector<std::string> keys{
      key_of([](Writer& writer) { writer.nil(); }),
      key_of([](Writer& writer) { writer.boolean(false); }),
      key_of([](Writer& writer) { writer.boolean(true); }),
      key_of([](Writer& writer) { writer.integer(0); }),
      key_of([](Writer& writer) { writer.integer(1); }),
      key_of([](Writer& writer) { writer.text(""); }),
      key_of([](Writer& writer) { writer.text("1"); }),
      key_of([](Writer& writer) { writer.map(0); }),
      array({}),
      array({"ab"}),
      array({"a", "b"}),
      array({"b", "a"}),
      array({"a", "b", ""}),
  };
  for (size_t i = 0; i < keys.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(keys[i], keys[j]) << i << ' ' << j;
  }
}

TEST(GroupKey, OfAnythingEnds) {
  Buffer deep(100'000, 0x91);  // arrays of one element within each other
  deep.push_back(0xC0);
  EXPECT_LT(group_key(msgpack::Value(deep)).size(), 1000U);
}

template <typename Write>
Expected<Variety> parsed(std::string_view name, const Write& write) {
  return parse_variety(written([&](Writer& writer) {
                         writer.map(1);
                         writer.text(name);
                         write(writer);
                       }),
                       10);
}

Expected<Variety> group_by(std::string_view field, double limit) {
  return parsed("groupBy", [&](Writer& writer) {
    writer.map(2);
    writer.text("field");
    writer.text(field);
    writer.text("limit");
    writer.number(limit);
  });
}

Expected<Variety> mmr(double lambda, double candidates) {
  return parsed("mmr", [&](Writer& writer) {
    writer.map(2);
    writer.text("lambda");
    writer.number(lambda);
    writer.text("candidates");
    writer.number(candidates);
  });
}

TEST(Variety, OfARequestIsChecked) {
  const auto nothing = parse_variety({}, 10);
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->group_by || nothing->mmr);
  EXPECT_EQ(group_by("a.b", 3)->group_by->field, "a.b");
  EXPECT_EQ(group_by("a.b", 3)->group_by->limit, 3U);
  EXPECT_EQ(mmr(0.25, 10)->mmr->lambda, 0.25);
  EXPECT_EQ(mmr(0.25, 10)->mmr->candidates, 10U);

  const std::vector<Expected<Variety>> wrong{
      group_by("", 1),
      group_by("a", 0),
      group_by("a", 0.5),
      group_by("a", 4294967296.0),
      mmr(-0.1, 10),
      mmr(1.1, 10),
      mmr(0.5, 9),
      mmr(0.5, 4294967296.0),
      parsed("mmr", [](Writer& writer) { writer.nil(); }),
      parsed("groupBy", [](Writer& writer) { writer.map(0); }),
      parsed("other", [](Writer& writer) { writer.nil(); }),
      parse_variety(written([](Writer& writer) { writer.array(0); }), 10),
      parse_variety(Buffer{0x81, 0xA3}, 10),
  };
  for (size_t i = 0; i < wrong.size(); ++i) {
    ASSERT_FALSE(wrong[i]) << i;
    EXPECT_EQ(wrong[i].error().code, Code::kInvalidArgument) << i;
  }
}

class VarietyOf : public testing::Test {
 protected:
  /// {n: n % 7}, but one in eight has nothing.
  static Buffer metadata_of(uint32_t n) {
    return n % 8 == 0 ? Buffer{0x80} : test::number_metadata(n % 7);
  }

  void SetUp() override {
    std::mt19937 random(3);
    BatchMaker batch(4);
    for (uint32_t i = 0; i < 3000; ++i) {
      batch.insert(std::to_string(i), test::random_vector(random, 4), metadata_of(i));
    }
    ASSERT_TRUE(index_.commit(batch));
    ASSERT_TRUE(index_->request_optimize());
    index_.maintain();
  }

  CollectionFixture index_;
  const std::vector<float> query_{0.1F, -0.2F, 0.3F, 0};
};

TEST_F(VarietyOf, GroupsGivesAllThereAreAndNoMore) {
  const auto view = index_->view();
  for (const uint32_t limit : {1U, 3U, 1000U}) {
    QueryOptions options;
    options.top_k = 2500;
    const auto hits = search_grouped(view, query_, options, {"n", limit});
    ASSERT_TRUE(hits) << hits.error().message;
    EXPECT_EQ(hits->size(), std::min(2500U, 8 * std::min(limit, 375U)));
    EXPECT_TRUE(std::is_sorted(hits->begin(), hits->end(), HitOrder{*view}));
  }
}

TEST_F(VarietyOf, PicksIsTheQueryWhereOnlyScoresCount) {
  const auto view = index_->view();
  QueryOptions options;
  options.top_k = 20;
  const auto plain = search_view(*view, query_, options);
  const auto picked = search_diverse(*view, Metric::kL2, query_, options, {1, 80});
  ASSERT_TRUE(plain && picked);
  ASSERT_EQ(picked->size(), 20U);
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ((*picked)[i].row, (*plain)[i].row);
  const auto spread = search_diverse(*view, Metric::kL2, query_, options, {0, 80});
  ASSERT_TRUE(spread);
  EXPECT_EQ((*spread)[0].row, (*plain)[0].row);
  EXPECT_NE((*spread)[1].row, (*plain)[1].row);
}

}  // namespace
}  // namespace quiver::engine
