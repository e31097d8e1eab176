// An index that names the fields that filters are answered by columns for.

#include "engine/indexed_fields.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "engine/searcher.h"
#include "filter/generator.h"
#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using filter::Filter;
using filter::Generator;
using filter::Tree;
using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;

constexpr uint32_t kDim = 4;

TEST(IndexedFields, AreThoseNamedAndWhatLiesInThem) {
  const IndexedFields fields({"a", "b.c", "d.e.f", ".g"});
  for (const char* path : {"a", "a.x", "a.x.y", "b.c", "b.c.d", "d.e.f", "d.e.f.g", ".g", ".g.h"}) {
    EXPECT_TRUE(fields.has(path)) << path;
  }
  for (const char* path : {"", ".", "b", "b.d", "c", "ab", "a-", "d.e", "g", "b.cc"}) {
    EXPECT_FALSE(fields.has(path)) << path;
  }
  EXPECT_TRUE(IndexedFields({""}).has(""));
  EXPECT_TRUE(IndexedFields({""}).has(".a"));
}

/// An index in memory of one segment with these metadata.
CollectionFixture index_of(std::vector<std::string> indexed, const std::vector<Tree>& documents) {
  Config config;
  config.metric = Metric::kL2;
  config.graph = {8, 60};
  config.indexed = std::move(indexed);
  const auto disk = std::make_shared<store::MemoryDisk>();
  EXPECT_TRUE(Collection::create(*store::memory_vfs(disk), config));
  CollectionFixture index(disk);
  std::mt19937 random(1);
  BatchMaker batch(kDim);
  for (size_t i = 0; i < documents.size(); ++i) {
    batch.insert(std::to_string(i), random_vector(random, kDim), filter::encode(documents[i]));
  }
  EXPECT_TRUE(index.commit(batch));
  EXPECT_TRUE(index->request_optimize());
  index.maintain();
  index.reopen();
  EXPECT_EQ(index->view()->parts.size(), 1U);
  return index;
}

struct Answer {
  PartTrace part;
  std::set<uint32_t> rows;
};

Answer ask(CollectionFixture& index, const Filter& filter, uint32_t top_k) {
  const auto view = index->view();
  const std::vector<float> query(kDim, 0.1F);
  QueryOptions options;
  options.top_k = top_k;
  options.filter = &filter;
  QueryTrace trace;
  trace.is_explained = true;
  const auto hits = search_view(*view, query, options, &trace);
  EXPECT_TRUE(hits);
  Answer answer{trace.parts.at(0), {}};
  for (const Hit& hit : *hits) answer.rows.insert(hit.row);
  return answer;
}

std::vector<Tree> numbered_documents() {
  std::vector<Tree> documents;
  documents.reserve(2000);
  for (int i = 0; i < 2000; ++i) {
    documents.push_back(filter::object({{"n", Tree(static_cast<double>(i % 100))},
                                        {"m", Tree(static_cast<double>(i % 7))},
                                        {"note", Tree(std::to_string(i % 3) + "note")}}));
  }
  return documents;
}

Filter parse(const Tree& tree) { return *Filter::parse(filter::encode(tree)); }

TEST(IndexedFieldsOfAnIndex, AreAnsweredByColumnsAndOthersRowByRow) {
  auto index = index_of({"n"}, numbered_documents());
  const Filter indexed = parse(filter::object({{"n", Tree(3)}}));
  EXPECT_EQ(ask(index, indexed, 10).part.filter_by, Selected::By::kColumns);
  EXPECT_EQ(ask(index, indexed, 10).part.filter_by, Selected::By::kMemory);

  const Filter other = parse(filter::object({{"note", Tree("1note")}}));
  for (int i = 0; i < 3; ++i) {
    const Answer answer = ask(index, other, 10);
    EXPECT_EQ(answer.part.filter_by, Selected::By::kNoIndex);
    EXPECT_EQ(answer.part.filter_why, "row by row: the field note is not indexed");
    EXPECT_FALSE(answer.part.selected);
    EXPECT_GT(answer.part.asked, 0U);
    EXPECT_EQ(answer.rows.size(), 10U);
  }
  EXPECT_EQ(*index->view()->parts[0].source->select(other), nullptr);
}

TEST(IndexedFieldsOfAnIndex, LeaveTheRowsThatTheRestIsAskedOf) {
  auto index = index_of({"n", "m"}, numbered_documents());
  const Filter both = parse(filter::object({{"n", Tree(3)}, {"note", Tree("1note")}}));
  for (const auto by : {Selected::By::kColumns, Selected::By::kMemory}) {
    const Answer answer = ask(index, both, 2000);
    EXPECT_EQ(answer.part.filter_by, by);
    EXPECT_NE(answer.part.filter_why.find("note is not indexed"), std::string::npos);
    EXPECT_EQ(answer.part.selected, 20U);
    EXPECT_EQ(answer.part.asked, 20U);
    EXPECT_EQ(answer.part.taken, answer.rows.size());
    for (const uint32_t row : answer.rows) EXPECT_TRUE(row % 100 == 3 && row % 3 == 1) << row;
    EXPECT_EQ(answer.rows.size(), 7U);
  }
  // Not known as the rows of the whole filter.
  EXPECT_EQ(*index->view()->parts[0].source->select(both), nullptr);
  // Where one of several is enough, columns of some do not help.
  const Tree either =
      filter::object({{"$or", filter::array({filter::object({{"n", Tree(3)}}),
                                             filter::object({{"note", Tree("1note")}})})}});
  EXPECT_EQ(ask(index, parse(either), 10).part.filter_by, Selected::By::kNoIndex);
}

TEST(IndexedFieldsOfAnIndex, ChangeNoAnswer) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Generator generator(seed);
  std::vector<Tree> documents;
  documents.reserve(1500);
  for (int i = 0; i < 60; ++i) documents.push_back(generator.document());
  std::mt19937 random(seed);
  while (documents.size() < 1500) documents.push_back(documents[random() % 60]);
  auto index = index_of({"a", "b.c"}, documents);
  for (int i = 0; i < 200; ++i) {
    const Tree tree = generator.filter(3);
    const Filter filter = parse(tree);
    std::set<uint32_t> expected;
    for (uint32_t row = 0; row < documents.size(); ++row) {
      if (filter.matches(filter::encode(documents[row]))) expected.insert(row);
    }
    for (int times = 0; times < 2; ++times) {
      ASSERT_EQ(ask(index, filter, 1500).rows, expected) << filter::print(tree);
      const size_t wanted = std::min<size_t>(expected.size(), 10);
      ASSERT_EQ(ask(index, filter, 10).rows.size(), wanted) << filter::print(tree);
    }
  }
}

}  // namespace
}  // namespace quiver::engine
