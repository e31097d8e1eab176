// Merges that start from the largest segment's graph.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;

class Merge : public testing::Test {
 protected:
  static constexpr uint32_t kDim = 8;
  static constexpr uint32_t kRows = 4000;

  void SetUp() override {
    insert(0, kRows);
    optimize();
  }

  void insert(uint32_t from, uint32_t to) {
    BatchMaker batch(kDim);
    for (uint32_t i = from; i < to; ++i) {
      batch.insert(std::to_string(i), random_vector(random_, kDim));
    }
    ASSERT_TRUE(collection_.commit(batch));
  }

  void remove_one_in(uint32_t n) {
    BatchMaker batch(kDim);
    for (uint32_t i = 0; i < kRows; i += n) batch.remove(std::to_string(i));
    ASSERT_TRUE(collection_.commit(batch));
  }

  /// How many rows had to be linked.
  uint32_t optimize() {
    EXPECT_TRUE(collection_->request_optimize());
    auto job = collection_->next_job();
    EXPECT_TRUE(job->prepare());
    // It is known once there is room for all: until then none but the first is done.
    for (bool all = false; !all && job->rows_done() == 1;) {
      bool is_first = true;
      all = *job->link([&is_first] { return std::exchange(is_first, false); });
    }
    const uint32_t linked = job->rows() - job->rows_done() + 1;
    EXPECT_TRUE(*job->link([] { return true; }));
    EXPECT_EQ(job->rows_done(), job->rows());
    EXPECT_TRUE(job->write(collection_->vfs()));
    EXPECT_TRUE(collection_->install(*job));
    EXPECT_EQ(collection_->next_job(), nullptr);
    return linked;
  }

  double recall() {
    size_t hits = 0;
    for (int i = 0; i < 100; ++i) {
      const std::vector<float> query = random_vector(random_, kDim);
      const auto truth = collection_.nearest(query, 10, true);
      const auto found = collection_.nearest(query, 10);
      EXPECT_EQ(found.size(), truth.size());
      const std::set<std::string> ids(found.begin(), found.end());
      for (const std::string& id : truth) hits += ids.count(id);
    }
    return static_cast<double>(hits) / 1000;
  }

  std::mt19937 random_{1};
  CollectionFixture collection_;
};

TEST_F(Merge, LinksWhatIsNewAndKeepsTheRest) {
  EXPECT_EQ(collection_->view()->parts.size(), 1U);
  insert(kRows, kRows + 300);
  EXPECT_LT(optimize(), kRows / 3);
  EXPECT_EQ(collection_->view()->parts.size(), 1U);
  EXPECT_EQ(collection_->view()->parts[0].count, kRows + 300);
  EXPECT_TRUE(collection_.verifies());
  EXPECT_GE(recall(), 0.95);
}

TEST_F(Merge, OfASegmentThatHasLostRows) {
  remove_one_in(4);
  insert(kRows, kRows + 300);
  optimize();
  EXPECT_EQ(collection_->view()->parts[0].count, kRows * 3 / 4 + 300);
  EXPECT_TRUE(collection_.verifies());
  EXPECT_GE(recall(), 0.95);
}

TEST_F(Merge, BuildsAnewWhenLittleIsLeft) {
  BatchMaker batch(kDim);
  for (uint32_t i = 0; i < kRows * 2 / 3; ++i) batch.remove(std::to_string(i));
  ASSERT_TRUE(collection_.commit(batch));
  insert(kRows, kRows + 1500);
  const uint32_t linked = optimize();
  // All but the one that the step did by which it is known.
  EXPECT_EQ(linked + 1, collection_->view()->parts[0].count);
  EXPECT_TRUE(collection_.verifies());
  EXPECT_GE(recall(), 0.95);
}

TEST_F(Merge, AgainAndAgainStaysAsGood) {
  for (uint32_t round = 0; round < 10; ++round) {
    BatchMaker batch(kDim);
    for (uint32_t i = 0; i < 400; ++i) {
      batch.upsert(std::to_string(random_() % kRows), random_vector(random_, kDim));
    }
    ASSERT_TRUE(collection_.commit(batch));
    optimize();
    ASSERT_EQ(collection_->view()->parts[0].count, kRows);
    ASSERT_TRUE(collection_.verifies());
  }
  EXPECT_GE(recall(), 0.95);
}

TEST_F(Merge, CanBeStoppedAtAnyTime) {
  insert(kRows, kRows + 300);
  std::atomic<bool> stop{true};
  ASSERT_TRUE(collection_->request_optimize());
  auto early = collection_->next_job();
  early->set_stop(&stop);
  EXPECT_EQ(early->prepare().error().code, Code::kClosed);

  stop = false;
  auto late = collection_->next_job();
  late->set_stop(&stop);
  ASSERT_TRUE(late->prepare());
  EXPECT_TRUE(*late->link([] { return true; }));
  stop = true;
  EXPECT_EQ(late->write(collection_->vfs()).error().code, Code::kClosed);

  optimize();
  EXPECT_EQ(collection_->view()->parts[0].count, kRows + 300);
  EXPECT_TRUE(collection_.verifies());
}

TEST_F(Merge, OfADamagedSegmentIsRefused) {
  for (auto& [name, content] : collection_.disk_->files) {
    if (!name.ends_with(".qseg")) continue;
    Buffer damaged = *content;
    damaged[damaged.size() / 3] ^= 1;
    content = std::make_shared<const Buffer>(std::move(damaged));
  }
  collection_.reopen();
  insert(kRows, kRows + 10);
  ASSERT_TRUE(collection_->request_optimize());
  const auto job = collection_->next_job();
  EXPECT_EQ(job->prepare().error().code, Code::kCorruptFile);
}

}  // namespace
}  // namespace quiver::engine
