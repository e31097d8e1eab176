// Does a recall that is asked for come out with queries that the graph has never seen?

#include "engine/calibrate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;

constexpr uint32_t kDim = 24;
constexpr uint32_t kRows = 8000;
constexpr uint32_t kQueries = 300;
constexpr uint32_t kTopK = 10;

std::vector<float> draw(std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(kDim);
  for (float& x : vector) x = normal(random);
  return vector;
}

class CalibratedSearch : public testing::TestWithParam<Metric> {
 protected:
  void SetUp() override {
    BatchMaker batch(kDim);
    for (uint32_t i = 0; i < kRows; ++i) batch.insert(std::to_string(i), draw(random_));
    ASSERT_TRUE(index_.commit(batch));
    ASSERT_TRUE(index_->request_optimize());
    index_.maintain();
    ASSERT_EQ(index_->view()->parts.size(), 1U);
    for (uint32_t i = 0; i < kQueries; ++i) queries_.push_back(draw(random_));
    QueryOptions exact;
    exact.exact = true;
    for (const auto& query : queries_) truth_.push_back(rows(query, exact));
  }

  std::vector<uint32_t> rows(const std::vector<float>& query, QueryOptions options) {
    const auto view = index_->view();
    options.top_k = kTopK;
    const auto hits = search_view(*view, *prepare_query(*view, GetParam(), query), options);
    EXPECT_TRUE(hits);
    std::vector<uint32_t> rows;
    for (const Hit& hit : *hits) rows.push_back(hit.row);
    return rows;
  }

  double recall(const QueryOptions& options) {
    size_t found = 0;
    for (size_t i = 0; i < queries_.size(); ++i) {
      for (const uint32_t row : rows(queries_[i], options)) {
        found += std::count(truth_[i].begin(), truth_[i].end(), row);
      }
    }
    return static_cast<double>(found) / (kQueries * kTopK);
  }

  std::mt19937 random_{7};
  CollectionFixture index_{GetParam()};
  std::vector<std::vector<float>> queries_;
  std::vector<std::vector<uint32_t>> truth_;
};

TEST_P(CalibratedSearch, FindsTheRecallThatIsAskedFor) {
  for (const float target : {0.8F, 0.9F, 0.95F, 0.99F}) {
    QueryOptions options;
    options.target_recall = target;
    EXPECT_GE(recall(options), target - 0.5 * (1 - target)) << target;
  }
}

TEST_P(CalibratedSearch, DoesNotWorkMuchMoreThanItHasTo) {
  for (const float target : {0.8F, 0.9F, 0.95F}) {
    QueryOptions options;
    options.ef = index_->view()->parts[0].source->ef_for(target, kTopK) / 2;
    EXPECT_LT(recall(options), target) << target;
  }
}

INSTANTIATE_TEST_SUITE_P(Metrics, CalibratedSearch, testing::Values(Metric::kL2, Metric::kCosine),
                         [](const auto& info) { return std::string(metric_name(info.param)); });

}  // namespace
}  // namespace quiver::engine
