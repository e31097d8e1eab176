// How graphs are built: the same whoever builds them, whole whatever the rows are, and as hnswlib
// reads them.

#include "index/graph/graph_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "index/graph/build_phases.h"
#include "index/graph/build_scratch.h"
#include "index/graph/reachability.h"
#include "kernel/dispatch.h"

namespace quiver::index {
namespace {

constexpr size_t kBytes = 64;

/// Codes of `kBytes` bytes in aligned memory.
class Codes {
 public:
  Codes(uint32_t rows, const std::function<uint8_t(uint32_t row, uint32_t i)>& byte)
      : rows_(rows), lines_(rows) {
    for (uint32_t row = 0; row < rows; ++row) {
      for (uint32_t i = 0; i < kBytes; ++i) lines_[row].bytes[i] = byte(row, i);
    }
  }

  [[nodiscard]] CodeBlock block() const {
    return {lines_.front().bytes, kBytes, rows_, &kernel::active().l2_u8};
  }
  [[nodiscard]] uint32_t distance(uint32_t a, uint32_t b) const {
    return kernel::active().l2_u8.pair(lines_[a].bytes, lines_[b].bytes, kBytes);
  }

  /// The share of the ten nearest rows that a walk keeping `ef` finds, for some rows; rows at equal
  /// distance count as one another.
  [[nodiscard]] double recall(const GraphData& graph, uint32_t ef, uint32_t from = 0) const {
    constexpr uint32_t kQueries = 100;
    constexpr size_t kNearest = 10;
    size_t hits = 0;
    for (uint32_t i = 0; i < kQueries; ++i) {
      const uint32_t query = from + i * 2654435761U % (rows_ - from);
      std::vector<uint32_t> truth(rows_);
      for (uint32_t row = 0; row < rows_; ++row) truth[row] = distance(query, row);
      std::nth_element(truth.begin(), truth.begin() + kNearest - 1, truth.end());
      for (const uint32_t row : walk(graph, query, ef, kNearest)) {
        hits += distance(query, row) <= truth[kNearest - 1] ? 1 : 0;
      }
    }
    return static_cast<double>(hits) / (kQueries * kNearest);
  }

  /// The nearest rows that a walk over the graph finds, in plain words.
  [[nodiscard]] std::vector<uint32_t> walk(const GraphData& graph, uint32_t query, uint32_t ef,
                                           size_t k) const {
    uint32_t current = graph.entry_row;
    for (size_t level = graph.upper.size(); level-- > 0;) {
      const GraphData::UpperLevel& upper = graph.upper[level];
      for (bool changed = true; changed;) {
        changed = false;
        const auto at = std::lower_bound(upper.rows.begin(), upper.rows.end(), current);
        const size_t list = static_cast<size_t>(at - upper.rows.begin()) * graph.m;
        for (size_t i = list; i < list + graph.m && upper.neighbors[i] != kNoRow; ++i) {
          const uint32_t next = upper.rows[upper.neighbors[i]];
          if (distance(query, next) >= distance(query, current)) continue;
          current = next;
          changed = true;
        }
      }
    }
    std::set<std::pair<uint32_t, uint32_t>> nearest{{distance(query, current), current}};
    std::set<uint32_t> seen{current};
    std::set<uint32_t> expanded;
    while (true) {
      const auto next = std::find_if(nearest.begin(), nearest.end(), [&](const auto& each) {
        return expanded.count(each.second) == 0;
      });
      if (next == nearest.end()) break;
      const size_t list = size_t{next->second} * 2 * graph.m;
      expanded.insert(next->second);
      for (size_t i = list; i < list + size_t{2} * graph.m; ++i) {
        const uint32_t met = graph.neighbors[i];
        if (met == kNoRow) break;
        if (!seen.insert(met).second) continue;
        nearest.emplace(distance(query, met), met);
        if (nearest.size() > ef) nearest.erase(std::prev(nearest.end()));
      }
    }
    std::vector<uint32_t> rows;
    for (const auto& each : nearest) {
      if (rows.size() < k) rows.push_back(each.second);
    }
    return rows;
  }

 private:
  struct alignas(kernel::kCodeAlignment) Line {
    uint8_t bytes[kBytes];
  };
  uint32_t rows_;
  std::vector<Line> lines_;
};

Codes random_codes(uint32_t rows, uint32_t seed, uint32_t values = 256) {
  std::mt19937 random(seed);
  return {rows, [&](uint32_t, uint32_t i) {
            return static_cast<uint8_t>(i < 12 ? random() % values : 0);
          }};
}

bool always() { return true; }

std::unique_ptr<GraphBuilder> builder_of(const Codes& codes, GraphParams params,
                                         GraphAdoption adoption) {
  auto builder = GraphBuilder::create(params, codes.block(), std::move(adoption));
  EXPECT_TRUE(builder);
  return std::move(*builder);
}

GraphData build(const Codes& codes, GraphAdoption adoption, unsigned threads = 1,
                GraphParams params = {8, 40}) {
  const auto builder = builder_of(codes, params, std::move(adoption));
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < threads; ++i) {
    helpers.emplace_back([&builder] { EXPECT_TRUE(*builder->link(always)); });
  }
  EXPECT_TRUE(*builder->link(always));
  for (std::thread& helper : helpers) helper.join();
  EXPECT_EQ(builder->linked(), builder->to_link());
  return builder->finish();
}

GraphData build(const Codes& codes, unsigned threads = 1, GraphParams params = {8, 40}) {
  return build(codes, GraphAdoption(codes.block().rows), threads, params);
}

void expect_whole(const GraphData& graph) {
  EXPECT_TRUE(check_graph(graph.view()));
  EXPECT_TRUE(unreachable_rows(graph.view()).empty());
  const size_t degree = size_t{2} * graph.m;
  for (size_t list = 0; list < graph.neighbors.size(); list += degree) {
    const std::set<uint32_t> rows(graph.neighbors.begin() + static_cast<ptrdiff_t>(list),
                                  graph.neighbors.begin() + static_cast<ptrdiff_t>(list + degree));
    EXPECT_EQ(rows.count(static_cast<uint32_t>(list / degree)), 0U);
  }
}

void expect_same(const GraphData& a, const GraphData& b) {
  EXPECT_EQ(a.neighbors, b.neighbors);
  EXPECT_EQ(a.encode_upper(), b.encode_upper());
}

// ---------------------------------------------------------------------------------------------------
// The same, whoever builds them

TEST(GraphBuilder, GivesTheSameGraphForAnyNumberOfThreads) {
  const Codes codes = random_codes(5000, 1);
  const GraphData alone = build(codes);
  for (const unsigned threads : {2U, 3U, 4U, 8U}) expect_same(build(codes, threads), alone);
}

TEST(GraphBuilder, GivesTheSameGraphInAnySlices) {
  const Codes codes = random_codes(3000, 2);
  const auto builder = builder_of(codes, {8, 40}, GraphAdoption(3000));
  uint32_t slices = 0;
  uint32_t last = 0;
  std::mt19937 random(3);
  for (bool done = false; !done; ++slices) {
    auto steps = static_cast<int>(random() % 5);
    done = *builder->link([&steps] { return steps-- > 0; });
    EXPECT_GE(builder->linked(), last);
    last = builder->linked();
  }
  EXPECT_GT(slices, 1000U);
  EXPECT_EQ(last, builder->to_link());
  expect_same(builder->finish(), build(codes));
}

/// How many steps there are before rows are linked, and after.
std::pair<uint32_t, uint32_t> steps_beside_linking(const Codes& codes, GraphAdoption adoption) {
  const auto builder = builder_of(codes, {8, 40}, std::move(adoption));
  std::pair<uint32_t, uint32_t> steps{0, 0};
  for (bool done = false; !done;) {
    bool is_first = true;
    done = *builder->link([&is_first] { return std::exchange(is_first, false); });
    if (builder->linked() == 1) ++steps.first;
    if (builder->linked() == builder->to_link()) ++steps.second;
  }
  return steps;
}

TEST(GraphBuilder, TakesMoreStepsForMoreRowsAndNotLongerOnes) {
  const Codes few = random_codes(4096, 30, 16);
  const Codes many = random_codes(8192, 31, 16);
  const auto of_few = steps_beside_linking(few, GraphAdoption(4096));
  const auto of_many = steps_beside_linking(many, GraphAdoption(8192));
  // 512 rows at once: their memory, and their finished lists.
  EXPECT_GE(of_few.first, 4096U / 512);
  EXPECT_GE(of_few.second, 4096U / 512);
  EXPECT_GE(of_many.first, 2 * of_few.first - 8);
  EXPECT_GE(of_many.second, 2 * of_few.second - 8);
  // Adopting a graph is some steps more.
  const GraphData before = build(few);
  std::vector<uint32_t> new_rows(4096);
  std::iota(new_rows.begin(), new_rows.end(), 0U);
  const auto of_adopted = steps_beside_linking(many, GraphAdoption(before.view(), new_rows, 8192));
  EXPECT_GT(of_adopted.first, of_many.first);
}

TEST(GraphBuilder, GivesTheSameGraphWhenThreadsComeAndGo) {
  const Codes codes = random_codes(4000, 4);
  const auto builder = builder_of(codes, {8, 40}, GraphAdoption(4000));
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i) {
    threads.emplace_back([&builder, i] {
      std::mt19937 random(i);
      for (bool done = false; !done;) {
        auto steps = static_cast<int>(random() % 40);
        const auto linked = builder->link([&steps] { return steps-- > 0; });
        ASSERT_TRUE(linked);
        done = *linked;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  expect_same(builder->finish(), build(codes));
}

TEST(GraphBuilder, GivesTheSameGraphFromAnAdoptedOne) {
  const Codes codes = random_codes(3000, 5);
  const GraphData before = build(codes);
  std::vector<uint32_t> new_rows(3000);
  std::vector<uint32_t> of;
  for (uint32_t row = 0; row < 3000; ++row) {
    new_rows[row] = row % 7 == 0 ? kNoRow : static_cast<uint32_t>(of.size());
    if (row % 7 != 0) of.push_back(row);
  }
  for (uint32_t row = 0; row < 300; ++row) of.push_back(row * 7);
  const auto rows = static_cast<uint32_t>(of.size());
  const Codes after(rows, [&](uint32_t row, uint32_t i) { return codes.block().code(of[row])[i]; });
  const GraphAdoption adoption(before.view(), new_rows, rows);
  const GraphData alone = build(after, adoption);
  expect_whole(alone);
  for (const unsigned threads : {2U, 4U}) expect_same(build(after, adoption, threads), alone);
  EXPECT_GE(after.recall(alone, 60), after.recall(build(after), 60) - 0.02);
}

TEST(GraphBuilder, EndsForAllThreadsWhereOneFails) {
  const Codes codes = random_codes(3000, 6);
  const auto builder = builder_of(codes, {8, 40}, GraphAdoption(3000));
  std::atomic<int> failed{0};
  std::atomic<int> steps{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&builder, &failed, &steps] {
      const auto linked = builder->link([&steps] {
        if (++steps == 500) throw std::bad_alloc();
        return true;
      });
      if (!linked && linked.error().code == Code::kOutOfMemory) ++failed;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 4);
  EXPECT_FALSE(builder->link(always));
}

// ---------------------------------------------------------------------------------------------------
// Whole, whatever the rows are

TEST(GraphBuilder, ReachesEveryRowOfAFew) {
  for (uint32_t rows = 1; rows <= 100; ++rows) {
    const Codes codes = random_codes(rows, 100 + rows);
    const GraphData graph = build(codes, 1 + rows % 3);
    ASSERT_EQ(graph.neighbors.size(), size_t{rows} * 16);
    expect_whole(graph);
    ASSERT_EQ(codes.walk(graph, 0, 100, 100).size(), rows);
  }
}

TEST(GraphBuilder, ReachesEveryRowAmongMany) {
  for (const uint32_t values : {1U, 2U, 3U}) {
    const Codes codes(4000, [values](uint32_t row, uint32_t i) {
      return static_cast<uint8_t>(i == 0 ? row % values : 0);
    });
    expect_whole(build(codes, 2));
  }
}

TEST(GraphBuilder, FindsRowsThatManyOthersEqual) {
  // Twenty values, each two hundred times, and single rows between them.
  std::mt19937 random(7);
  std::vector<uint8_t> values(size_t{20} * kBytes);
  for (uint8_t& value : values) value = static_cast<uint8_t>(random());
  const Codes codes(5000, [&](uint32_t row, uint32_t i) {
    return row % 5 == 0 ? static_cast<uint8_t>(random()) : values[row % 20 * kBytes + i];
  });
  const GraphData graph = build(codes, 1, {16, 100});
  expect_whole(graph);
  EXPECT_GE(codes.recall(graph, 60), 0.9);
}

TEST(GraphBuilder, FindsAsMuchInSortedRows) {
  std::mt19937 random(8);
  const auto noise = [&random] { return static_cast<uint8_t>(random() % 24); };
  std::vector<uint8_t> centres(size_t{40} * kBytes);
  for (uint8_t& centre : centres) centre = static_cast<uint8_t>(random() % 200);
  const Codes sorted(6000, [&](uint32_t row, uint32_t i) {
    return static_cast<uint8_t>(centres[row / 150 * kBytes + i] + noise());
  });
  const GraphData graph = build(sorted, 1, {16, 100});
  expect_whole(graph);
  EXPECT_GE(sorted.recall(graph, 60), 0.97);
}

TEST(GraphBuilder, FindsANewClusterBesideAnAdoptedGraph) {
  std::mt19937 random(9);
  const Codes codes(6000, [&random](uint32_t row, uint32_t i) {
    return static_cast<uint8_t>((row < 4000 ? 0 : 180) + (i < 12 ? random() % 60 : 0));
  });
  const Codes first(4000, [&](uint32_t row, uint32_t i) { return codes.block().code(row)[i]; });
  std::vector<uint32_t> new_rows(4000);
  std::iota(new_rows.begin(), new_rows.end(), 0U);
  const GraphData before = build(first);
  const GraphData graph = build(codes, GraphAdoption(before.view(), new_rows, 6000));
  expect_whole(graph);
  EXPECT_GE(codes.recall(graph, 60, 4000), codes.recall(build(codes), 60, 4000) - 0.01);
}

TEST(GraphBuilder, TakesMoreCandidatesWhereRowsAreHardToFind) {
  std::mt19937 random(21);
  const Codes hard(6000, [&](uint32_t, uint32_t) { return static_cast<uint8_t>(random()); });
  const Codes easy = random_codes(6000, 22);
  constexpr GraphParams kAny{16, 0};
  const GraphData of_hard = build(hard, 1, kAny);
  EXPECT_EQ(of_hard.ef_construction, 200U);
  EXPECT_EQ(build(easy, 1, kAny).ef_construction, 100U);
  EXPECT_EQ(build(easy, 1, {16, 40}).ef_construction, 40U);
  EXPECT_GT(hard.recall(of_hard, 60), hard.recall(build(hard, 1, {16, 100}), 60));
  expect_same(build(hard, 3, kAny), of_hard);
}

TEST(GraphBuilder, LooksHowHardRowsAreOnceThereAreEnough) {
  std::mt19937 random(23);
  const Codes codes(6000, [&](uint32_t, uint32_t) { return static_cast<uint8_t>(random()); });
  const Codes first(3000, [&](uint32_t row, uint32_t i) { return codes.block().code(row)[i]; });
  constexpr GraphParams kAny{16, 0};
  const GraphData small = build(first, 1, kAny);
  EXPECT_EQ(small.ef_construction, 0U);
  std::vector<uint32_t> new_rows(3000);
  std::iota(new_rows.begin(), new_rows.end(), 0);
  const GraphData grown = build(codes, GraphAdoption(small.view(), new_rows, 6000), 1, kAny);
  EXPECT_EQ(grown.ef_construction, 200U);

  // What was found out stays.
  std::vector<uint32_t> same_rows(6000);
  std::iota(same_rows.begin(), same_rows.end(), 0);
  const Codes more(6500,
                   [&](uint32_t row, uint32_t i) { return codes.block().code(row % 6000)[i]; });
  GraphData known = grown;
  known.ef_construction = 77;
  EXPECT_EQ(build(more, GraphAdoption(known.view(), same_rows, 6500), 1, kAny).ef_construction,
            77U);
}

TEST(GraphBuilder, HasLevelsThatThin) {
  const GraphData graph = build(random_codes(6000, 10));
  ASSERT_GE(graph.upper.size(), 3U);
  double below = 6000;
  for (size_t level = 0; level < 3; ++level) {
    const auto rows = static_cast<double>(graph.upper[level].rows.size());
    EXPECT_NEAR(rows, below / 8, 3 * std::sqrt(below / 8)) << level;
    below = rows;
  }
  const std::vector<uint32_t>& top = graph.upper.back().rows;
  EXPECT_TRUE(std::binary_search(top.begin(), top.end(), graph.entry_row));
}

TEST(GraphBuilder, WantsACodeForEachRow) {
  const Codes codes = random_codes(100, 11);
  for (const uint32_t rows : {99U, 101U}) {
    const auto builder = GraphBuilder::create({8, 40}, codes.block(), GraphAdoption(rows));
    ASSERT_FALSE(builder);
    EXPECT_EQ(builder.error().code, Code::kInvalidArgument);
  }
}

// ---------------------------------------------------------------------------------------------------
// As hnswlib reads them

TEST(GraphBuilder, LetsHnswlibFindTheSame) {
  const Codes codes = random_codes(4000, 12);
  const auto builder = builder_of(codes, {8, 60}, GraphAdoption(4000));
  ASSERT_TRUE(*builder->link(always));
  std::vector<std::vector<Neighbor>> found;
  for (uint32_t row = 0; row < 4000; row += 20) {
    found.push_back(builder->search_with_hnswlib(row, 10, 50));
  }
  const GraphData graph = builder->finish();
  size_t same = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const auto query = static_cast<uint32_t>(i * 20);
    ASSERT_EQ(found[i].size(), 10U);
    const std::vector<uint32_t> walked = codes.walk(graph, query, 50, 10);
    bool is_same = true;
    for (size_t j = 0; j < 10; ++j) {
      EXPECT_EQ(found[i][j].distance, codes.distance(query, found[i][j].row));
      is_same = is_same && found[i][j].distance == codes.distance(query, walked[j]);
    }
    same += is_same ? 1 : 0;
  }
  // Equal distances at the end of the pool, and rows that were linked for their reachability alone,
  // may lead elsewhere.
  EXPECT_GE(same, found.size() - 2);
}

// ---------------------------------------------------------------------------------------------------
// Its parts

TEST(BuildPool, KeepsTheNearestAndExpandsEachOnce) {
  std::mt19937 random(13);
  for (uint32_t round = 0; round < 200; ++round) {
    const uint32_t capacity = 1 + random() % 40;
    BuildPool pool;
    pool.clear(capacity);
    std::set<RankedRow> all;
    std::set<uint32_t> expanded;
    for (uint32_t row = 0; row < 100; ++row) {
      const RankedRow entry = ranked(random() % 20 == 0 ? UINT32_MAX : random() % 50, row);
      all.insert(entry);
      const auto rank = static_cast<size_t>(std::distance(all.begin(), all.find(entry)));
      EXPECT_EQ(pool.insert(entry), rank < capacity);
      if (random() % 3 != 0) continue;
      uint32_t next = 0;
      if (!pool.next(next)) continue;
      EXPECT_TRUE(expanded.insert(next).second);
      for (size_t i = 0; row_of(pool.at(i)) != next; ++i) {
        EXPECT_EQ(expanded.count(row_of(pool.at(i))), 1U) << "a nearer one goes first";
      }
    }
    ASSERT_EQ(pool.size(), std::min<size_t>(capacity, 100));
    auto expected = all.begin();
    for (size_t i = 0; i < pool.size(); ++i) EXPECT_EQ(pool.at(i), *expected++);
  }
}

TEST(BuildPhases, DoEachUnitOnceAndNoneBeforeThePhaseBeforeIsDone) {
  constexpr uint32_t kPhases = 300;
  BuildPhases phases;
  std::vector<uint32_t> done(kPhases + 1, 0);  // written without locks, as a graph is
  std::atomic<uint32_t> units{0};
  uint32_t phase = 0;
  const auto size_of = [](uint32_t phase) { return 1 + phase * 7 % 13; };
  std::vector<uint32_t> marks(20, 0);
  phases.begin(size_of(0));
  const auto work = [&] {
    while (const auto unit = phases.take()) {
      EXPECT_LT(*unit, size_of(phase));
      EXPECT_EQ(marks[*unit], phase > 0 && *unit < size_of(phase - 1) ? phase : marks[*unit]);
      marks[*unit] = phase + 1;
      ++units;
      if (!phases.finish()) continue;
      done[phase] = units;
      if (++phase == kPhases) {
        phases.end();
      } else {
        phases.begin(size_of(phase));
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  uint32_t expected = 0;
  for (uint32_t i = 0; i < kPhases; ++i) {
    expected += size_of(i);
    EXPECT_EQ(done[i], expected);
  }
}

}  // namespace
}  // namespace quiver::index
