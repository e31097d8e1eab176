// What a search says of itself: the way it took, and numbers that add up.

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "engine/searcher.h"
#include "engine/slow_queries.h"
#include "filter/generator.h"
#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using filter::Filter;
using filter::Tree;
using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;

constexpr uint32_t kDim = 8;
constexpr uint32_t kRows = 3000;

Filter filter_of(const std::string& field, Tree condition) {
  return *Filter::parse(filter::encode(filter::object({{field, std::move(condition)}})));
}

class Explain : public testing::Test {
 protected:
  /// A segment with a graph; `n` is the row modulo 100, `text` differs in every row.
  Explain() {
    BatchMaker batch(kDim);
    for (uint32_t i = 0; i < kRows; ++i) {
      const Tree metadata = filter::object(
          {{"n", Tree(static_cast<double>(i % 100))}, {"text", Tree(std::to_string(i) + "t")}});
      batch.insert(std::to_string(i), random_vector(random_, kDim), filter::encode(metadata));
    }
    EXPECT_TRUE(index_.commit(batch));
    EXPECT_TRUE(index_->request_optimize());
    index_.maintain();
  }

  /// The trace of a search that finds the same without one.
  QueryTrace explain(const QueryOptions& options) {
    const auto view = index_->view();
    const auto query = *prepare_query(*view, Metric::kL2, random_vector(random_, kDim));
    QueryTrace trace;
    trace.is_explained = true;
    const auto traced = search_view(*view, query, options, &trace);
    const auto plain = search_view(*view, query, options);
    EXPECT_TRUE(traced && plain);
    EXPECT_EQ(traced->size(), plain->size());
    for (size_t i = 0; i < std::min(traced->size(), plain->size()); ++i) {
      EXPECT_EQ((*traced)[i].row, (*plain)[i].row);
      EXPECT_EQ((*traced)[i].distance, (*plain)[i].distance);
    }
    EXPECT_EQ(trace.parts.size(), view->parts.size());
    return trace;
  }

  std::mt19937 random_{7};
  CollectionFixture index_;
};

TEST_F(Explain, AWalkVisitsPartOfTheRowsAndMeasuresTheBestAgain) {
  QueryOptions options;
  options.ef = 20;
  const PartTrace part = explain(options).parts.at(0);
  EXPECT_EQ(part.kind, PlanKind::kWalk);
  EXPECT_EQ(part.ef, 20U);
  EXPECT_EQ(part.found, 10U);
  EXPECT_FALSE(part.filter_by);
  EXPECT_FALSE(part.search.gave_up_walk);
  EXPECT_GE(part.search.visited, 20U);
  EXPECT_LT(part.search.visited, kRows / 2);
  EXPECT_GE(part.search.distances, part.search.visited);
  EXPECT_GE(part.search.lists, 20U);  // each candidate's at least
  EXPECT_LT(part.search.lists, part.search.visited);
  EXPECT_GE(part.search.reranked, 10U);
  EXPECT_GT(part.search.bytes, part.search.distances);
  EXPECT_NE(part.search.why.find("about 160 rows of 3000"), std::string::npos) << part.search.why;
}

TEST_F(Explain, FewRowsThatAFilterTakesAreMeasuredByTheirCodes) {
  const Filter filter = filter_of("n", Tree(5));
  QueryOptions options;
  options.ef = 20;
  options.filter = &filter;
  const PartTrace first = explain(options).parts.at(0);
  EXPECT_EQ(first.kind, PlanKind::kCodeScan);
  EXPECT_EQ(first.filter_by, Selected::By::kColumns);
  EXPECT_EQ(first.selected, kRows / 100);
  EXPECT_EQ(first.search.visited, kRows / 100);
  EXPECT_EQ(first.search.distances, kRows / 100);
  EXPECT_EQ(first.search.lists, 0U);
  const PartTrace again = explain(options).parts.at(0);
  EXPECT_EQ(again.filter_by, Selected::By::kMemory);
  EXPECT_EQ(again.kind, PlanKind::kCodeScan);
  options.exact = true;
  EXPECT_EQ(explain(options).parts.at(0).kind, PlanKind::kSelectedScan);
}

TEST_F(Explain, AFilterThatTakesMostRowsIsAskedByAWalk) {
  const Filter filter = filter_of("n", filter::object({{"$gte", Tree(5)}}));
  QueryOptions options;
  options.ef = 20;
  options.filter = &filter;
  const PartTrace part = explain(options).parts.at(0);
  EXPECT_EQ(part.kind, PlanKind::kFilteredWalk);
  EXPECT_EQ(part.selected, kRows / 100 * 95);
  EXPECT_LT(part.search.visited, kRows / 2);
}

TEST_F(Explain, AFilterOnTextsIsAskedRowByRowTheFirstTime) {
  const Filter filter = filter_of("text", filter::object({{"$contains", Tree("t")}}));
  QueryOptions options;
  options.ef = 20;
  options.filter = &filter;
  const auto view = index_->view();
  const auto query = *prepare_query(*view, Metric::kL2, random_vector(random_, kDim));
  QueryTrace trace;
  trace.is_explained = true;
  ASSERT_TRUE(search_view(*view, query, options, &trace));
  const PartTrace& part = trace.parts.at(0);
  EXPECT_EQ(part.filter_by, Selected::By::kFirstTime);
  EXPECT_FALSE(part.selected);
  EXPECT_EQ(part.kind, PlanKind::kFilteredWalk);
  EXPECT_GE(part.asked, 20U);
  EXPECT_LE(part.asked, part.search.visited);
  EXPECT_EQ(part.taken, part.asked);  // it takes every row
}

TEST_F(Explain, AWalkThatFindsTooLittleIsGivenUp) {
  const Filter filter = filter_of("text", filter::object({{"$contains", Tree("70t")}}));
  QueryOptions options;
  options.ef = 20;
  options.filter = &filter;
  const auto view = index_->view();
  const auto query = *prepare_query(*view, Metric::kL2, random_vector(random_, kDim));
  QueryTrace trace;
  trace.is_explained = true;
  const auto hits = search_view(*view, query, options, &trace);
  ASSERT_TRUE(hits);
  EXPECT_EQ(hits->size(), 10U);
  const PartTrace& part = trace.parts.at(0);
  EXPECT_EQ(part.kind, PlanKind::kExactScan);
  EXPECT_TRUE(part.search.gave_up_walk);
  EXPECT_GT(part.search.visited, kRows);  // the walk's, and then all of them
  EXPECT_LT(part.taken, part.asked);
}

TEST_F(Explain, SaysWhichPartsWereSearchedHow) {
  BatchMaker batch(kDim);
  for (int i = 0; i < 50; ++i) {
    batch.insert(std::to_string(i) + "new", random_vector(random_, kDim));
  }
  ASSERT_TRUE(index_.commit(batch));
  QueryOptions options;
  options.ef = 20;
  QueryTrace trace = explain(options);
  ASSERT_EQ(trace.parts.size(), 2U);
  EXPECT_FALSE(trace.parts[0].name.empty());
  EXPECT_TRUE(trace.parts[1].name.empty());
  EXPECT_EQ(trace.parts[1].kind, PlanKind::kHeadScan);
  EXPECT_EQ(trace.parts[1].search.visited, 50U);
  EXPECT_EQ(trace.kinds.names(), "head-scan, walk");
  const Filter nothing = filter_of("n", Tree(1000));
  options.filter = &nothing;
  trace = explain(options);
  EXPECT_EQ(trace.parts[0].kind, PlanKind::kSkipped);
  EXPECT_EQ(trace.parts[0].search.visited, 0U);
  EXPECT_EQ(trace.parts[1].kind, PlanKind::kHeadScan);
  EXPECT_EQ(trace.kinds.names(), "head-scan");
}

std::vector<uint32_t> top_ks(const SlowQueries& queries) {
  const Buffer encoded = queries.encode();
  std::vector<uint32_t> found;
  for (const msgpack::Value entry : msgpack::Value(encoded).elements()) {
    found.push_back(static_cast<uint32_t>(entry.find("topK")->number()));
  }
  return found;
}

TEST(SlowQueries, KeepsTheNewestHundredAndNoMoreThanAMegabyteOfFilters) {
  SlowQueries queries(std::chrono::milliseconds(5));
  EXPECT_FALSE(queries.counts(std::chrono::microseconds(4999)));
  EXPECT_TRUE(queries.counts(std::chrono::milliseconds(5)));
  EXPECT_FALSE(SlowQueries(std::nullopt).counts(std::chrono::hours(1)));
  const auto add = [&queries](uint32_t top_k, Buffer filter) {
    SlowQuery query;
    query.top_k = top_k;
    query.filter = std::move(filter);
    queries.add(std::move(query));
  };
  for (uint32_t i = 0; i < 150; ++i) add(i, {});
  const auto found = top_ks(queries);
  ASSERT_EQ(found.size(), 100U);
  EXPECT_EQ(found.front(), 149U);
  EXPECT_EQ(found.back(), 50U);
  const Buffer large = filter::encode(filter::object({{"a", Tree(std::string(300'000, 'x'))}}));
  for (uint32_t i = 0; i < 5; ++i) add(1000 + i, large);
  EXPECT_EQ(top_ks(queries), (std::vector<uint32_t>{1004, 1003, 1002}));
}

}  // namespace
}  // namespace quiver::engine
