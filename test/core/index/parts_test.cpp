// The small parts of a search against the simplest code that does the same.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "index/graph/candidate_pool.h"
#include "index/graph/visited.h"
#include "index/nearest.h"

namespace quiver::index {
namespace {

class ByRow final : public RowRules {
 public:
  [[nodiscard]] bool allows(uint32_t row) const override { return row % 3 != 0; }
  [[nodiscard]] bool before(uint32_t a, uint32_t b) const override { return a > b; }
};

TEST(NearestRows, KeepsWhatSortingWouldPutFirst) {
  std::mt19937 random(1);
  const ByRow rules;
  for (int round = 0; round < 200; ++round) {
    SearchRequest request;
    request.k = 1 + random() % 12;
    request.rules = &rules;
    request.allows_all = round % 2 == 0;
    std::vector<Neighbor> all;
    std::vector<Neighbor> kept;
    NearestRows nearest(request, kept);
    for (uint32_t row = 0, n = random() % 60; row < n; ++row) {
      const Neighbor offered{static_cast<float>(random() % 5), row};
      nearest.offer(offered);
      if (request.allows_all || rules.allows(row)) all.push_back(offered);
    }
    nearest.finish();
    std::sort(all.begin(), all.end(), [&](const Neighbor& a, const Neighbor& b) {
      return a.distance != b.distance ? a.distance < b.distance : rules.before(a.row, b.row);
    });
    all.resize(std::min<size_t>(all.size(), request.k));
    ASSERT_EQ(kept.size(), all.size());
    for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(kept[i].row, all[i].row);
  }
}

TEST(CandidatePool, ExpandsTheNearestOnceEach) {
  std::mt19937 random(2);
  CandidatePool<float> pool;
  for (int round = 0; round < 100; ++round) {
    const size_t capacity = 1 + random() % 20;
    pool.clear(capacity);
    std::vector<Neighbor> model;
    std::set<uint32_t> expanded;
    uint32_t row = 0;
    for (int step = 0; step < 60; ++step) {
      if (random() % 3 != 0) {
        const Neighbor met{static_cast<float>(random() % 1000), row++};
        pool.insert(met.distance, met.row);
        model.push_back(met);
        std::stable_sort(model.begin(), model.end(), [](const Neighbor& a, const Neighbor& b) {
          return a.distance < b.distance;
        });
        if (model.size() > capacity) model.pop_back();
        continue;
      }
      const auto expected = std::find_if(model.begin(), model.end(), [&](const Neighbor& each) {
        return expanded.count(each.row) == 0;
      });
      uint32_t next = 0;
      ASSERT_EQ(pool.next(next), expected != model.end());
      if (expected == model.end()) continue;
      ASSERT_EQ(next, expected->row);
      expanded.insert(next);
    }
    ASSERT_EQ(pool.size(), model.size());
    for (size_t i = 0; i < model.size(); ++i) ASSERT_EQ(pool.at(i).row, model[i].row);
  }
}

TEST(VisitedSet, ForgetsAtEachClearAlsoWhenItsCounterTurnsOver) {
  VisitedSet visited;
  for (int walk = 0; walk < 70000; ++walk) {
    visited.clear(8);
    ASSERT_TRUE(visited.insert(3));
    ASSERT_FALSE(visited.insert(3));
    if (walk % 1000 == 0) {
      ASSERT_TRUE(visited.insert(7));
    }
  }
  visited.clear(16);
  EXPECT_TRUE(visited.insert(15));
}

}  // namespace
}  // namespace quiver::index
