// What a filter takes of a segment, found column by column, is what it takes of each row.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "engine/segment.h"
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

/// One segment of rows with these metadata.
std::shared_ptr<const RowSource> segment_of(CollectionFixture& index,
                                            const std::vector<Tree>& documents) {
  std::mt19937 random(1);
  BatchMaker batch(kDim);
  for (size_t i = 0; i < documents.size(); ++i) {
    batch.insert(std::to_string(i), random_vector(random, kDim), filter::encode(documents[i]));
  }
  EXPECT_TRUE(index.commit(batch));
  EXPECT_TRUE(index->request_optimize());
  index.maintain();
  EXPECT_EQ(index->view()->parts.size(), 1U);
  return index->view()->parts[0].source;
}

/// At the second time at the latest it is found out.
Expected<std::shared_ptr<const index::Selection>> selected(const RowSource& segment,
                                                           const Filter& filter) {
  auto selection = segment.select(filter);
  return selection && !*selection ? segment.select(filter) : selection;
}

void expect_same(const RowSource& segment, const Tree& tree, const std::vector<Tree>& documents) {
  const auto parsed = Filter::parse(filter::encode(tree));
  ASSERT_TRUE(parsed) << filter::print(tree);
  const auto selection = selected(segment, *parsed);
  ASSERT_TRUE(selection) << selection.error().message;
  ASSERT_TRUE(*selection);
  uint32_t count = 0;
  for (uint32_t row = 0; row < documents.size(); ++row) {
    const bool expected = parsed->matches(filter::encode(documents[row]));
    ASSERT_EQ((*selection)->rows.test(row), expected)
        << filter::print(tree) << " on " << filter::print(documents[row]);
    count += expected ? 1 : 0;
  }
  EXPECT_EQ((*selection)->count, count);
  const auto node_rows = segment.node_rows();
  for (uint32_t node = 0; node < node_rows.size(); ++node) {
    ASSERT_EQ((*selection)->nodes.test(node), (*selection)->rows.test(node_rows[node]));
  }
}

class Select : public testing::Test {
 protected:
  CollectionFixture index_;
};

TEST_F(Select, AgreesWithEachRowOnRandomFiltersAndDocuments) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Generator generator(seed);
  // Some documents many times, so that there are shapes and columns, and rare ones.
  std::vector<Tree> documents;
  for (int i = 0; i < 60; ++i) documents.push_back(generator.document());
  std::mt19937 random(seed);
  while (documents.size() < 1500) documents.push_back(documents[random() % 60]);
  const auto segment = segment_of(index_, documents);
  ASSERT_FALSE(segment->node_rows().empty());
  for (int i = 0; i < 300; ++i) expect_same(*segment, generator.filter(3), documents);
}

TEST_F(Select, KnowsNumbersByTheirRange) {
  std::mt19937 random(2);
  std::vector<Tree> documents;
  for (int i = 0; i < 1200; ++i) {
    documents.push_back(filter::object({{"whole", Tree(static_cast<double>(random() % 100))},
                                        {"half", Tree(static_cast<double>(random() % 100) / 2)},
                                        {"mixed", i % 3 == 0 ? Tree("x") : Tree(i % 7)}}));
  }
  const auto segment = segment_of(index_, documents);
  for (const char* field : {"whole", "half", "mixed", "absent"}) {
    for (const double number : {-1.0, 0.0, 3.0, 3.5, 49.5, 99.0, 1e300}) {
      for (const char* op : {"$gt", "$gte", "$lt", "$lte", "$eq", "$ne"}) {
        const Tree condition = filter::object({{op, Tree(number)}});
        expect_same(*segment, filter::object({{field, condition}}), documents);
      }
      const Tree between = filter::object({{"$gt", Tree(number)}, {"$lte", Tree(number + 10)}});
      expect_same(*segment, filter::object({{field, between}}), documents);
    }
  }
}

TEST_F(Select, IsRememberedForASegmentAlone) {
  CollectionFixture index(Metric::kL2, 1200);
  std::mt19937 random(4);
  for (const double number : {1.0, 2.0}) {
    BatchMaker batch(kDim);
    for (int i = 0; i < 1200; ++i) {
      batch.insert(std::to_string(number) + std::to_string(i), random_vector(random, kDim),
                   filter::encode(filter::object({{"n", Tree(number)}})));
    }
    ASSERT_TRUE(index.commit(batch));
    index.maintain();
  }
  const auto view = index->view();
  ASSERT_GE(view->parts.size(), 2U);
  const auto filter = Filter::parse(filter::encode(filter::object({{"n", Tree(1)}})));
  const auto first = view->parts[0].source->select(*filter);
  ASSERT_TRUE(*first);
  EXPECT_EQ((*first)->count, 1200U);
  EXPECT_EQ(*view->parts[0].source->select(*filter), *first);
  EXPECT_EQ((*view->parts[1].source->select(*filter))->count, 0U);
}

TEST_F(Select, ReadsAColumnOfTextsOnlyForAFilterThatComesAgain) {
  std::vector<Tree> documents;
  for (int i = 0; i < 1500; ++i) {
    documents.push_back(filter::object({{"text", Tree(std::to_string(i))}, {"n", Tree(i)}}));
  }
  const auto segment = segment_of(index_, documents);
  const auto quick = Filter::parse(filter::encode(filter::object({{"n", Tree(7)}})));
  EXPECT_NE(*segment->select(*quick), nullptr);
  const auto slow = Filter::parse(
      filter::encode(filter::object({{"text", filter::object({{"$contains", Tree("99")}})}})));
  EXPECT_EQ(*segment->select(*slow), nullptr);
  const auto again = segment->select(*slow);
  ASSERT_TRUE(*again);
  EXPECT_EQ((*again)->count, 24U);
}

/// Rows in two clusters; a filter takes a share of them, near the query or far from it.
TEST_F(Select, SearchesFindWhatAFilterTakesWhereverItLies) {
  constexpr uint32_t kRows = 6000;
  std::mt19937 random(3);
  BatchMaker batch(kDim);
  for (uint32_t i = 0; i < kRows; ++i) {
    std::vector<float> vector = random_vector(random, kDim);
    vector[0] += i % 2 == 0 ? 0.0F : 50.0F;
    batch.insert(std::to_string(i), vector,
                 filter::encode(filter::object({{"side", Tree(static_cast<double>(i % 2))},
                                                {"draw", Tree(static_cast<double>(i / 2))}})));
  }
  ASSERT_TRUE(index_.commit(batch));
  ASSERT_TRUE(index_->request_optimize());
  index_.maintain();
  BatchMaker deletions(kDim);
  for (uint32_t i = 0; i < kRows; i += 10) deletions.remove(std::to_string(i));
  ASSERT_TRUE(index_.commit(deletions));
  const auto view = index_->view();
  for (const double share : {1.0, 0.5, 0.1, 0.01, 0.001}) {
    for (const double side : {0.0, 1.0}) {
      const Tree tree = filter::object(
          {{"side", Tree(side)}, {"draw", filter::object({{"$lt", Tree(share * kRows / 2)}})}});
      const auto filter = Filter::parse(filter::encode(tree));
      size_t found = 0;
      size_t wanted = 0;
      for (int i = 0; i < 40; ++i) {
        QueryOptions options;
        options.filter = &*filter;
        const auto query = prepare_query(*view, Metric::kL2, random_vector(random, kDim));
        const auto near = search_view(*view, *query, options);
        options.exact = true;
        const auto exact = search_view(*view, *query, options);
        ASSERT_TRUE(near && exact);
        ASSERT_EQ(near->size(), exact->size());
        for (const Hit& hit : *exact) {
          EXPECT_EQ(hit.row % 2, static_cast<uint32_t>(side));
          found += std::count_if(near->begin(), near->end(),
                                 [&hit](const Hit& other) { return other.row == hit.row; });
          ++wanted;
        }
      }
      EXPECT_GE(static_cast<double>(found), 0.98 * static_cast<double>(wanted))
          << share << " of side " << side;
    }
  }
}

}  // namespace
}  // namespace quiver::engine
