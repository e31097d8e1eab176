// Streams against plain queries and against every row measured: nothing is lost or comes twice,
// what comes first is as near as what a query finds, and writes and merges in between do not show.

#include "engine/ranked_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "engine/cursor.h"
#include "support/collection_fixture.h"
#include "support/limited_memory.h"

namespace quiver::engine {
namespace {

using filter::Filter;
using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;

constexpr uint32_t kDim = 8;
constexpr uint32_t kRows = 6000;
constexpr uint32_t kClusters = 20;

/// {n: 17, text: "of 17: 3"}, the last being n % 10.
Buffer metadata_of(uint32_t n) {
  msgpack::Writer writer;
  writer.map(2);
  writer.text("n");
  writer.number(n);
  writer.text("text");
  writer.text("of " + std::to_string(n) + ": " + std::to_string(n % 10));
  return writer.take();
}

template <typename Write>
Filter filter_of(std::string_view field, std::string_view name, const Write& write_operand) {
  msgpack::Writer writer;
  writer.map(1);
  writer.text(field);
  writer.map(1);
  writer.text(name);
  write_operand(writer);
  const auto filter = Filter::parse(writer.take());
  EXPECT_TRUE(filter) << filter.error().message;
  return *filter;
}

Filter number_filter(std::string_view name, double number) {
  return filter_of("n", name, [&](msgpack::Writer& writer) { writer.number(number); });
}

/// A text of its own for each row: the first time that is asked row by row.
Filter text_filter(std::string_view part) {
  return filter_of("text", "$contains", [&](msgpack::Writer& writer) { writer.text(part); });
}

class Ranked : public testing::Test {
 protected:
  void SetUp() override {
    for (uint32_t i = 0; i < kClusters; ++i) centres_.push_back(random_vector(random_, kDim));
    insert(0, kRows);
    EXPECT_TRUE(index_->request_optimize());
    index_.maintain();
    ASSERT_NE(index_->view()->parts.at(0).source->graph(), nullptr);
  }

  /// Rows of the same cluster come one after the other.
  std::vector<float> row_near(uint32_t n) {
    std::vector<float> row = random_vector(random_, kDim);
    const std::vector<float>& centre = centres_[n * kClusters / kRows % kClusters];
    for (uint32_t d = 0; d < kDim; ++d) row[d] = 0.4F * row[d] + 2 * centre[d];
    return row;
  }

  void insert(uint32_t from, uint32_t to) {
    BatchMaker batch(kDim);
    for (uint32_t i = from; i < to; ++i) {
      batch.upsert("id" + std::to_string(i), row_near(i), metadata_of(i));
    }
    ASSERT_TRUE(index_.commit(batch));
  }

  void remove_one_in(uint32_t n) {
    BatchMaker batch(kDim);
    for (uint32_t i = 0; i < kRows; i += n) batch.remove("id" + std::to_string(i));
    ASSERT_TRUE(index_.commit(batch));
  }

  /// A head beside the graph, and holes in both.
  void change() {
    remove_one_in(7);
    insert(kRows, kRows + 400);
    insert(100, 150);
  }

  static std::vector<Hit> all_exactly(const View& view, const std::vector<float>& query,
                                      const Filter* filter) {
    QueryOptions options;
    options.top_k = static_cast<uint32_t>(view.live());
    options.exact = true;
    options.filter = filter;
    const auto hits = search_view(view, query, options);
    EXPECT_TRUE(hits);
    return *hits;
  }

  using Place = std::pair<uint32_t, uint32_t>;
  static std::set<Place> places(std::span<const Hit> hits) {
    std::set<Place> places;
    for (const Hit& hit : hits) places.emplace(hit.part, hit.row);
    return places;
  }

  static double share_of(std::span<const Hit> found, std::span<const Hit> truth) {
    const std::set<Place> there = places(found);
    size_t hits = 0;
    for (const Hit& hit : truth) hits += there.count({hit.part, hit.row});
    return truth.empty() ? 1 : static_cast<double>(hits) / static_cast<double>(truth.size());
  }

  /// Reads a stream to its end; what it gives is what passes, each once, in batches that are
  /// sorted, and up to a thousand rows as near as a query for as many.
  void expect_all(const std::vector<float>& query, const std::optional<Filter>& filter,
                  uint32_t batch_size) {
    const auto view = index_->view();
    const auto truth = all_exactly(*view, query, filter ? &*filter : nullptr);
    RankedRows rows(view, query, {}, filter);
    std::vector<Hit> given;
    for (;;) {
      const auto batch = rows.next(batch_size);
      ASSERT_TRUE(batch) << batch.error().message;
      if (batch->empty()) break;
      EXPECT_TRUE(std::is_sorted(batch->begin(), batch->end(), HitOrder{*view}));
      given.insert(given.end(), batch->begin(), batch->end());
      ASSERT_LE(given.size(), truth.size());
      if (given.size() > 1000) continue;
      QueryOptions options;
      options.top_k = static_cast<uint32_t>(given.size());
      options.filter = filter ? &*filter : nullptr;
      const auto found = search_view(*view, query, options);
      ASSERT_TRUE(found);
      const std::span<const Hit> nearest(truth.data(), given.size());
      EXPECT_GE(share_of(given, nearest), share_of(*found, nearest) - 0.02) << given.size();
    }
    EXPECT_EQ(places(given), places(truth));
    EXPECT_EQ(given.size(), truth.size());
  }

  std::mt19937 random_{1};
  std::vector<std::vector<float>> centres_;
  CollectionFixture index_;
};

TEST_F(Ranked, GivesEveryRowOnceAndFirstWhatAQueryFinds) {
  for (uint32_t i = 0; i < 5; ++i) {
    expect_all(row_near(i * 1000), std::nullopt, 1 + i * 60);
  }
  change();
  for (uint32_t i = 0; i < 5; ++i) expect_all(row_near(i * 1000), std::nullopt, 10 + i * 100);
}

TEST_F(Ranked, GivesWhatPassesAFilterWhereverThatLies) {
  change();
  const std::vector<float> query = row_near(0);
  for (const uint32_t batch_size : {10U, 100U}) {
    expect_all(query, number_filter("$lt", kRows / kClusters), batch_size);   // near the query
    expect_all(query, number_filter("$gte", kRows * 19.0 / 20), batch_size);  // far from it
    expect_all(query, number_filter("$gte", kRows / 2.0), batch_size);
    expect_all(query, number_filter("$eq", 5), batch_size);
  }
}

TEST_F(Ranked, GivesWhatAFilterTakesThatIsAskedRowByRow) {
  change();
  const std::vector<float> query = row_near(3000);
  for (const std::string part : {": 3", "of 1", "no such"}) {
    // The second time it is known what it takes.
    expect_all(query, text_filter(part), 50);
    expect_all(query, text_filter(part), 50);
  }
}

TEST_F(Ranked, WithExactIsStrictlyInOrder) {
  change();
  const std::vector<float> query = row_near(2000);
  const auto view = index_->view();
  const auto truth = all_exactly(*view, query, nullptr);
  QueryOptions options;
  options.exact = true;
  RankedRows rows(view, query, options, std::nullopt);
  std::vector<Hit> given;
  while (given.size() < truth.size()) {
    const auto batch = rows.next(77);
    ASSERT_TRUE(batch);
    ASSERT_FALSE(batch->empty());
    given.insert(given.end(), batch->begin(), batch->end());
  }
  ASSERT_EQ(given.size(), truth.size());
  for (size_t i = 0; i < given.size(); ++i) {
    ASSERT_EQ(given[i].part, truth[i].part) << i;
    ASSERT_EQ(given[i].row, truth[i].row) << i;
    ASSERT_EQ(given[i].distance, truth[i].distance) << i;
  }
  EXPECT_TRUE(rows.next(1)->empty());
}

TEST_F(Ranked, EndsWhereScoresAreTooLow) {
  const std::vector<float> query = row_near(2000);
  const auto view = index_->view();
  const auto truth = all_exactly(*view, query, nullptr);
  for (const size_t count : {size_t{0}, size_t{1}, size_t{250}, size_t{3000}}) {
    QueryOptions options;
    options.has_min_score = true;
    options.min_score = count == 0 ? 1 : score_of(truth[count - 1].distance);
    RankedRows rows(view, query, options, std::nullopt);
    std::vector<Hit> given;
    for (;;) {
      const auto batch = rows.next(100);
      ASSERT_TRUE(batch);
      if (batch->empty()) break;
      given.insert(given.end(), batch->begin(), batch->end());
    }
    EXPECT_GE(share_of(given, {truth.data(), count}), 0.98);
    EXPECT_LE(given.size(), count);
    for (const Hit& hit : given) EXPECT_GE(score_of(hit.distance), options.min_score);
  }
}

TEST_F(Ranked, AreOfOneViewWhateverIsWrittenAndMerged) {
  insert(kRows, kRows + 300);
  const std::vector<float> query = row_near(1000);
  const auto ids_of = [](const View& view, const std::vector<Hit>& hits) {
    std::vector<std::string> ids;
    for (const Hit& hit : hits)
      ids.push_back(CollectionFixture::id_of(view.row(hit.part, hit.row)));
    return ids;
  };
  RankedRows undisturbed(index_->view(), query, {}, number_filter("$lt", 5000));
  RankedRows rows(index_->view(), query, {}, number_filter("$lt", 5000));
  std::vector<std::string> expected;
  for (uint32_t i = 0; i < 60; ++i) {
    const auto ids = ids_of(undisturbed.view(), *undisturbed.next(100));
    expected.insert(expected.end(), ids.begin(), ids.end());
  }
  EXPECT_EQ(expected.size(), 5000U);
  std::vector<std::string> given;
  for (uint32_t i = 0; i < 60; ++i) {
    const auto ids = ids_of(rows.view(), *rows.next(100));
    given.insert(given.end(), ids.begin(), ids.end());
    if (i == 1) remove_one_in(2);
    if (i == 3) insert(0, 200);
    if (i == 5) {
      EXPECT_TRUE(index_->request_optimize());
      index_.maintain();
    }
  }
  EXPECT_EQ(given, expected);
}

TEST_F(Ranked, CursorsOutliveTheirCollection) {
  const std::vector<float> query = row_near(10);
  const auto cursor = ranked_cursor(index_->view(), query, {}, std::nullopt, 1050, false);
  ASSERT_TRUE(cursor->next(100));
  index_.reopen();
  const auto count_of = [](Bytes block) { return *ByteReader(block).get<uint32_t>(); };
  EXPECT_EQ(count_of(*cursor->next(900)), 900U);
  EXPECT_EQ(count_of(*cursor->next(900)), 50U);
  EXPECT_EQ(count_of(*cursor->next(900)), 0U);
}

TEST_F(Ranked, HoldsNoMoreThanWhatWasTakenAsksFor) {
  const std::vector<float> query = row_near(10);
  const auto read_some = [&] {
    RankedRows rows(index_->view(), query, {}, std::nullopt);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(rows.next(10)->size(), 10U);
  };
  read_some();  // what threads keep
  // A distance of each row would take twice as much.
  test::largest_allocation = kRows * sizeof(Hit) / 6;
  read_some();
  test::largest_allocation = std::numeric_limits<size_t>::max();
}

TEST(RankedRows, OfNothingAreNone) {
  CollectionFixture index;
  RankedRows empty(index->view(), {1, 2, 3}, {}, std::nullopt);
  EXPECT_TRUE(empty.next(10)->empty());
  ASSERT_TRUE(index.commit(BatchMaker(2).insert("a", {1, 2}).insert("b", {3, 4})));
  ASSERT_TRUE(index.commit(BatchMaker(2).remove("a")));
  RankedRows one(index->view(), {1, 2}, {}, std::nullopt);
  EXPECT_EQ(one.next(10)->size(), 1U);
  EXPECT_TRUE(one.next(10)->empty());
  EXPECT_TRUE(one.next(10)->empty());
}

TEST(RankedRows, OfEqualRowsAreInTheOrderOfTheirIds) {
  CollectionFixture index;
  BatchMaker batch(2);
  for (uint32_t i = 0; i < 3000; ++i) batch.insert("id" + std::to_string(i), {1, 1});
  ASSERT_TRUE(index.commit(batch));
  EXPECT_TRUE(index->request_optimize());
  index.maintain();
  QueryOptions options;
  options.exact = true;
  RankedRows exact(index->view(), {1, 1}, options, std::nullopt);
  RankedRows walked(index->view(), {1, 1}, {}, std::nullopt);
  std::vector<std::string> ids;
  std::set<std::string> distinct;
  for (;;) {
    const auto of_exact = exact.next(200);
    const auto of_walked = walked.next(200);
    ASSERT_EQ(of_exact->size(), of_walked->size());
    if (of_exact->empty()) break;
    for (const Hit& hit : *of_exact) {
      ids.push_back(CollectionFixture::id_of(exact.view().row(hit.part, hit.row)));
    }
    for (const Hit& hit : *of_walked) {
      distinct.insert(CollectionFixture::id_of(walked.view().row(hit.part, hit.row)));
    }
  }
  EXPECT_EQ(ids.size(), 3000U);
  EXPECT_EQ(distinct.size(), 3000U);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

}  // namespace
}  // namespace quiver::engine
