// Graphs against exact search over the same rows: random and clustered data, duplicates, filters of
// every selectivity and correlated ones, several building threads; and graphs from hostile bytes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <set>
#include <thread>

#include "index/flat/flat_index.h"
#include "index/graph/graph_builder.h"
#include "index/graph/graph_index.h"
#include "index/graph/reachability.h"
#include "kernel/dispatch.h"
#include "kernel/norm.h"
#include "quant/choose.h"
#include "quant/coded_rows.h"
#include "support/vectors.h"

namespace quiver::index {
namespace {

class Rules final : public RowRules {
 public:
  explicit Rules(std::function<bool(uint32_t)> allows = {}) : allows_(std::move(allows)) {}
  [[nodiscard]] bool allows(uint32_t row) const override { return !allows_ || allows_(row); }
  [[nodiscard]] bool before(uint32_t a, uint32_t b) const override { return a < b; }

 private:
  std::function<bool(uint32_t)> allows_;
};

CodeBlock block_of(const quant::CodedRows& codes) {
  return {codes.codes(), codes.codec().bytes(), codes.rows(), &codes.codec().kernel()};
}

/// Rows with their graph.
class Example {
 public:
  Example(Metric metric, uint32_t dim, std::vector<float> vectors, unsigned threads = 1,
          GraphParams params = {16, 100})
      : Example(metric, dim, vectors, GraphAdoption(static_cast<uint32_t>(vectors.size() / dim)),
                threads, params) {}

  /// Starts from a graph of some of the rows.
  Example(Metric metric, uint32_t dim, std::vector<float> vectors, GraphAdoption adoption,
          unsigned threads = 1, GraphParams params = {16, 100})
      : metric_(metric), dim_(dim), vectors_(std::move(vectors)) {
    for (uint32_t row = 0; row < rows(); ++row) {
      inv_norms_.push_back(metric == Metric::kCosine ? kernel::inverse_norm(vector(row), dim)
                                                     : 1.0F);
    }
    const quant::Vectors of_codec(metric, dim, vectors_);
    const quant::CodedRows codes =
        quant::encode_all(quant::choose_codecs({}, metric, dim, of_codec).build, of_codec);
    auto builder = GraphBuilder::create(params, block_of(codes), std::move(adoption));
    EXPECT_TRUE(builder);
    const auto link = [&builder] { EXPECT_TRUE(*(*builder)->link([] { return true; })); };
    std::vector<std::thread> workers;
    for (unsigned i = 1; i < threads; ++i) workers.emplace_back(link);
    link();
    for (std::thread& worker : workers) worker.join();
    linked_ = (*builder)->to_link();
    EXPECT_EQ((*builder)->linked(), linked_);
    graph_ = (*builder)->finish();
  }

  [[nodiscard]] uint32_t rows() const { return static_cast<uint32_t>(vectors_.size() / dim_); }
  [[nodiscard]] const float* vector(uint32_t row) const { return &vectors_[size_t{row} * dim_]; }
  [[nodiscard]] const GraphData& graph() const { return graph_; }
  /// How many rows the builder had to link.
  [[nodiscard]] uint32_t linked() const { return linked_; }
  [[nodiscard]] VectorBlock block() const {
    return {vectors_.data(), metric_ == Metric::kCosine ? inv_norms_.data() : nullptr, 0, rows()};
  }

  std::vector<Neighbor> search(std::vector<float> query, uint32_t k, uint32_t ef,
                               const Rules& rules, bool exact, bool allows_all) const {
    if (metric_ == Metric::kCosine) {
      const float scale = kernel::inverse_norm(query.data(), dim_);
      for (float& x : query) x *= scale;
    }
    const SearchRequest request{query.data(), {}, k, ef, &rules, allows_all};
    std::vector<Neighbor> found;
    const FlatIndex flat(metric_, dim_, {block()});
    const GraphIndex walk(metric_, dim_, block(), graph_.view());
    if (exact) {
      flat.search(request, found);
    } else {
      walk.search(request, found);
    }
    return found;
  }

  /// The share of the exact neighbours that the graph finds, and whether it finds as many.
  double recall(std::mt19937& random, uint32_t k, uint32_t ef, const Rules& rules = Rules(),
                bool allows_all = true, uint32_t queries = 50) const {
    size_t hits = 0;
    size_t expected = 0;
    std::normal_distribution<float> normal;
    for (uint32_t i = 0; i < queries; ++i) {
      std::vector<float> query(dim_);
      const float* near = vector(static_cast<uint32_t>(random() % rows()));
      for (uint32_t d = 0; d < dim_; ++d) query[d] = near[d] + 0.3F * normal(random);
      const auto truth = search(query, k, ef, rules, true, allows_all);
      const auto found = search(query, k, ef, rules, false, allows_all);
      EXPECT_EQ(found.size(), truth.size());
      EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return a.distance < b.distance;
      }));
      std::set<uint32_t> rows_found;
      for (const Neighbor& each : found) {
        EXPECT_TRUE(allows_all || rules.allows(each.row));
        rows_found.insert(each.row);
      }
      EXPECT_EQ(rows_found.size(), found.size());
      for (const Neighbor& each : truth) hits += rows_found.count(each.row);
      expected += truth.size();
    }
    return expected == 0 ? 1 : static_cast<double>(hits) / static_cast<double>(expected);
  }

 private:
  Metric metric_;
  uint32_t dim_;
  std::vector<float> vectors_;
  std::vector<float> inv_norms_;
  GraphData graph_;
  uint32_t linked_ = 0;
};

std::vector<float> gaussian(uint32_t rows, uint32_t dim, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> vectors(size_t{rows} * dim);
  for (float& x : vectors) x = normal(random);
  return vectors;
}

/// Clusters with gaps between them, one after the other.
std::vector<float> clustered(uint32_t rows, uint32_t dim, uint32_t clusters, uint32_t seed) {
  std::vector<float> vectors = gaussian(rows, dim, seed);
  const std::vector<float> centres = gaussian(clusters, dim, seed + 1);
  for (uint32_t row = 0; row < rows; ++row) {
    const uint32_t cluster = row / (rows / clusters + 1);
    for (uint32_t d = 0; d < dim; ++d) {
      float& x = vectors[size_t{row} * dim + d];
      x = 0.3F * x + 2 * centres[size_t{cluster} * dim + d];
    }
  }
  return vectors;
}

class GraphOf : public testing::TestWithParam<Metric> {};

TEST_P(GraphOf, FindsWhatExactSearchFinds) {
  std::mt19937 random(1);
  EXPECT_GE(Example(GetParam(), 16, gaussian(3000, 16, 1)).recall(random, 10, 100), 0.95);
  EXPECT_GE(Example(GetParam(), 16, clustered(3000, 16, 20, 2)).recall(random, 10, 100), 0.9);
}

TEST_P(GraphOf, IsWholeAndFindsAsMuchWhenThreadsBuildIt) {
  std::mt19937 random(2);
  const Example example(GetParam(), 16, clustered(3000, 16, 12, 3), 4);
  EXPECT_TRUE(unreachable_rows(example.graph().view()).empty());
  EXPECT_GE(example.recall(random, 10, 100), 0.9);
}

TEST_P(GraphOf, AFilterNeverCostsResults) {
  std::mt19937 random(3);
  const Example example(GetParam(), 16, clustered(4000, 16, 10, 4));
  for (const uint32_t one_in : {2U, 10U, 100U, 1000U, 5000U}) {
    const Rules scattered([one_in](uint32_t row) { return row * 2654435761U % one_in == 0; });
    EXPECT_GE(example.recall(random, 10, 100, scattered, false, 20), 0.9) << "one in " << one_in;
    // Whole clusters: near for some queries, far from all others.
    const Rules correlated([&, one_in](uint32_t row) { return row < example.rows() / one_in; });
    EXPECT_GE(example.recall(random, 10, 100, correlated, false, 20), 0.9) << "1/" << one_in;
  }
  EXPECT_EQ(example.recall(random, 10, 100, Rules([](uint32_t) { return false; }), false, 5), 1.0);
}

INSTANTIATE_TEST_SUITE_P(Metrics, GraphOf,
                         testing::Values(Metric::kL2, Metric::kCosine, Metric::kInnerProduct));

TEST(Graph, OfOneThreadIsTheSameEachTime) {
  const Example a(Metric::kL2, 8, gaussian(2000, 8, 5));
  const Example b(Metric::kL2, 8, gaussian(2000, 8, 5));
  EXPECT_EQ(a.graph().neighbors, b.graph().neighbors);
  EXPECT_EQ(a.graph().entry_row, b.graph().entry_row);
  EXPECT_EQ(a.graph().encode_upper(), b.graph().encode_upper());
}

TEST(Graph, OfOneRowAndOfTwo) {
  for (const uint32_t rows : {1U, 2U}) {
    const Example example(Metric::kL2, 4, gaussian(rows, 4, 6));
    EXPECT_EQ(example.search({0, 0, 0, 0}, 10, 10, Rules(), false, true).size(), rows);
    EXPECT_TRUE(unreachable_rows(example.graph().view()).empty());
  }
}

TEST(Graph, OfEqualRowsReachesThemAll) {
  std::vector<float> vectors(size_t{2000} * 4, 1.0F);
  const Example example(Metric::kL2, 4, std::move(vectors), 2);
  EXPECT_TRUE(unreachable_rows(example.graph().view()).empty());
  const auto found = example.search({1, 1, 1, 1}, 2000, 2000, Rules(), false, true);
  EXPECT_EQ(found.size(), 2000U);
}

TEST(Graph, ZeroVectorsUnderCosineAreFarFromEverything) {
  std::vector<float> vectors = gaussian(2000, 8, 7);
  for (uint32_t row = 0; row < 2000; row += 10) std::fill_n(&vectors[size_t{row} * 8], 8, 0.0F);
  const Example example(Metric::kCosine, 8, std::move(vectors));
  EXPECT_TRUE(unreachable_rows(example.graph().view()).empty());
  std::mt19937 random(8);
  EXPECT_GE(example.recall(random, 10, 100), 0.9);
  for (const Neighbor& each :
       example.search({0, 0, 0, 0, 0, 0, 0, 0}, 5, 100, Rules(), false, true)) {
    EXPECT_EQ(each.distance, 0.0F);
  }
}

// ---------------------------------------------------------------------------------------------------
// Graphs that start from others

/// Rows that come and go. The kept ones are in front, in their old order, as a merge puts them.
class Changing {
 public:
  explicit Changing(std::vector<float> vectors) : vectors_(std::move(vectors)) {}

  /// Drops the rows for which `drops` holds, adds `added` new ones, and takes the graph over.
  template <typename Drops>
  Example next(const Example& from, Drops drops, const std::vector<float>& added,
               unsigned threads = 1) {
    std::vector<uint32_t> new_rows(from.rows(), kNoRow);
    std::vector<float> vectors;
    uint32_t kept = 0;
    for (uint32_t row = 0; row < from.rows(); ++row) {
      if (drops(row)) continue;
      new_rows[row] = kept++;
      vectors.insert(vectors.end(), from.vector(row), from.vector(row) + kDim);
    }
    vectors.insert(vectors.end(), added.begin(), added.end());
    const auto rows = static_cast<uint32_t>(vectors.size() / kDim);
    vectors_ = vectors;
    return {Metric::kL2, kDim, std::move(vectors),
            GraphAdoption(from.graph().view(), std::move(new_rows), rows), threads};
  }

  /// The same rows without what was before.
  [[nodiscard]] Example anew() const { return {Metric::kL2, kDim, vectors_}; }

  static constexpr uint32_t kDim = 16;

 private:
  std::vector<float> vectors_;
};

double recall_of(const Example& example) {
  std::mt19937 random(20);
  return example.recall(random, 10, 60, Rules(), true, 200);
}

TEST(AdoptedGraph, LinksWhatIsNewAndLittleElse) {
  const Example before(Metric::kL2, Changing::kDim, clustered(4000, Changing::kDim, 20, 21));
  Changing changing({});
  const Example after = changing.next(
      before, [](uint32_t) { return false; }, clustered(400, Changing::kDim, 20, 22));
  EXPECT_LT(after.linked(), 400U + 4000 / 10);
  EXPECT_TRUE(unreachable_rows(after.graph().view()).empty());
  EXPECT_TRUE(check_graph(after.graph().view()));
  EXPECT_GE(recall_of(after), recall_of(changing.anew()) - 0.01);
}

TEST(AdoptedGraph, FindsAsMuchWithoutTheDroppedRows) {
  const Example before(Metric::kL2, Changing::kDim, clustered(6000, Changing::kDim, 20, 23));
  for (const uint32_t tenths : {1U, 3U, 6U}) {
    Changing changing({});
    const Example after = changing.next(
        before, [tenths](uint32_t row) { return row * 2654435761U % 10 < tenths; },
        gaussian(200, Changing::kDim, 24), 2);
    EXPECT_TRUE(unreachable_rows(after.graph().view()).empty());
    EXPECT_TRUE(check_graph(after.graph().view()));
    EXPECT_GE(recall_of(after), recall_of(changing.anew()) - 0.02) << tenths;
  }
}

TEST(AdoptedGraph, FindsAsMuchWithoutWholeClusters) {
  const Example before(Metric::kL2, Changing::kDim, clustered(6000, Changing::kDim, 12, 25));
  Changing changing({});
  const Example after = changing.next(before, [](uint32_t row) { return row / 500 % 2 == 0; }, {});
  EXPECT_TRUE(unreachable_rows(after.graph().view()).empty());
  EXPECT_GE(recall_of(after), recall_of(changing.anew()) - 0.02);
}

TEST(AdoptedGraph, DoesNotWearOut) {
  Changing changing({});
  std::vector<Example> last{{Metric::kL2, Changing::kDim, clustered(3000, Changing::kDim, 10, 26)}};
  std::mt19937 random(27);
  for (uint32_t round = 0; round < 40; ++round) {
    std::vector<bool> dropped(last[0].rows());
    for (uint32_t i = 0; i < 300; ++i) dropped[random() % dropped.size()] = true;
    const auto count = static_cast<uint32_t>(std::count(dropped.begin(), dropped.end(), true));
    Example next = changing.next(
        last[0], [&dropped](uint32_t row) { return dropped[row]; },
        clustered(count, Changing::kDim, 10, 28 + round), 2);
    last.clear();
    last.push_back(std::move(next));
  }
  EXPECT_TRUE(unreachable_rows(last[0].graph().view()).empty());
  EXPECT_GE(recall_of(last[0]), recall_of(changing.anew()) - 0.02);
}

TEST(AdoptedGraph, MayNameRowsThatAreNotThere) {
  const Example before(Metric::kL2, 4, gaussian(300, 4, 30), 1, {4, 16});
  std::mt19937 random(31);
  for (int i = 0; i < 50; ++i) {
    GraphData damaged = before.graph();
    for (int j = 0; j < 20; ++j) {
      const uint32_t lie = j % 2 == 0 ? 300 + random() % 9 : random() % 300;
      damaged.neighbors[random() % damaged.neighbors.size()] = lie;
    }
    std::vector<uint32_t> new_rows(300);
    for (uint32_t row = 0; row < 300; ++row)
      new_rows[row] = row % 3 == 0 ? kNoRow : row - row / 3 - 1;
    std::vector<float> vectors;
    for (uint32_t row = 0; row < 300; ++row) {
      if (row % 3 != 0) vectors.insert(vectors.end(), before.vector(row), before.vector(row) + 4);
    }
    const Example after(Metric::kL2, 4, vectors, GraphAdoption(damaged.view(), new_rows, 200), 1,
                        {4, 16});
    ASSERT_TRUE(check_graph(after.graph().view()));
    ASSERT_TRUE(unreachable_rows(after.graph().view()).empty());
  }
}

TEST(AdoptedGraph, MustHaveTheSameM) {
  const Example before(Metric::kL2, 4, gaussian(300, 4, 32), 1, {4, 16});
  std::vector<uint32_t> new_rows(300);
  std::iota(new_rows.begin(), new_rows.end(), 0U);
  alignas(64) static const uint8_t codes[300 * 64] = {};
  const auto builder =
      GraphBuilder::create({8, 16}, CodeBlock{codes, 64, 300, &kernel::active().l2_u8},
                           GraphAdoption(before.graph().view(), new_rows, 300));
  EXPECT_EQ(builder.error().code, Code::kInvalidArgument);
}

// ---------------------------------------------------------------------------------------------------
// Graphs from files

class GraphBytes : public testing::Test {
 protected:
  static constexpr uint32_t kRows = 300;

  static Expected<GraphView> decode(const Buffer& upper, const std::vector<uint32_t>& level0,
                                    uint32_t rows = kRows) {
    return decode_graph(upper, as_bytes(std::span<const uint32_t>(level0)), rows);
  }

  [[nodiscard]] std::vector<Neighbor> search(const GraphView& graph) const {
    const GraphIndex index(Metric::kL2, 4, example_.block(), graph);
    const Rules rules;
    std::vector<Neighbor> found;
    index.search({query_.data(), {}, 10, 10, &rules, true}, found);
    return found;
  }

  const std::vector<float> query_{0, 0, 0, 0};
  const Example example_{Metric::kL2, 4, gaussian(kRows, 4, 9), 1, {4, 16}};
  const Buffer upper_ = example_.graph().encode_upper();
  const std::vector<uint32_t> level0_ = example_.graph().neighbors;
};

TEST_F(GraphBytes, ComeBack) {
  const auto graph = decode(upper_, level0_);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(check_graph(*graph));
  EXPECT_EQ(graph->row_count, kRows);
  EXPECT_EQ(graph->entry_row, example_.graph().entry_row);
  EXPECT_EQ(graph->upper.size(), example_.graph().upper.size());
  EXPECT_TRUE(unreachable_rows(*graph).empty());
}

TEST_F(GraphBytes, ThatNameRowsBeyondTheLastAreFoundAndHarmless) {
  for (size_t i = 0; i < level0_.size(); i += 7) {
    for (const uint32_t lie : {kRows, 0xFFFFFFFEU}) {
      std::vector<uint32_t> damaged = level0_;
      damaged[i] = lie;
      const auto graph = decode(upper_, damaged);
      ASSERT_TRUE(graph);
      ASSERT_EQ(check_graph(*graph).error().code, Code::kCorruptFile) << i;
      ASSERT_EQ(search(*graph).size(), 10U);
    }
  }
}

TEST_F(GraphBytes, OfVectorsThatAreNoNumbersAreHarmless) {
  const auto graph = decode(upper_, level0_);
  ASSERT_TRUE(graph);
  std::vector<float> vectors(example_.block().vectors, example_.block().vectors + kRows * 4);
  std::mt19937 random(10);
  for (int i = 0; i < 200; ++i) {
    vectors[random() % vectors.size()] = std::numeric_limits<float>::quiet_NaN();
    const GraphIndex index(Metric::kL2, 4, {vectors.data(), nullptr, 0, kRows}, *graph);
    const Rules rules;
    std::vector<Neighbor> found;
    for (const bool all : {true, false}) {
      index.search({query_.data(), {}, 10, 16, &rules, all}, found);
      ASSERT_EQ(found.size(), 10U);
      for (const Neighbor& each : found) ASSERT_FALSE(std::isnan(each.distance));
    }
  }
}

TEST_F(GraphBytes, ThatLeadNowhereDoNotCostResults) {
  const auto graph = decode(upper_, level0_);
  ASSERT_TRUE(graph);
  const std::vector<uint32_t> nowhere(level0_.size(), kNoRow);
  const auto cut = decode(upper_, nowhere);
  ASSERT_TRUE(cut);
  std::vector<float> vectors(example_.block().vectors, example_.block().vectors + kRows * 4);
  std::fill_n(&vectors[size_t{graph->entry_row} * 4], 4, std::numeric_limits<float>::quiet_NaN());
  const GraphIndex without_lists(Metric::kL2, 4, example_.block(), *cut);
  const GraphIndex without_entry(Metric::kL2, 4, {vectors.data(), nullptr, 0, kRows}, *graph);
  for (const GraphIndex* index : {&without_lists, &without_entry}) {
    for (const bool all : {true, false}) {
      const Rules rules;
      const SearchRequest request{query_.data(), {}, 10, 16, &rules, all};
      std::vector<Neighbor> found;
      std::vector<Neighbor> expected;
      index->search(request, found);
      index->flat().search(request, expected);
      ASSERT_EQ(found.size(), 10U);
      for (size_t i = 0; i < 10; ++i) EXPECT_EQ(found[i].row, expected[i].row);
    }
  }
}

TEST_F(GraphBytes, ThatTakeManyNodesForOneRowGiveItOnce) {
  const quant::Vectors rows(
      Metric::kL2, 4, {example_.block().vectors, example_.block().vectors + size_t{kRows} * 4});
  const quant::CodedRows codes =
      quant::encode_all(quant::choose_codecs({}, Metric::kL2, 4, rows).build, rows);
  const auto graph = decode(upper_, level0_);
  ASSERT_TRUE(graph);
  quant::CodeMemory code(codes.codec().query_bytes());
  const bool is_exact = codes.codec().encode_query(query_.data(), code.data());
  for (const uint32_t shared : {1U, 4U, kRows}) {
    std::vector<uint32_t> node_rows(kRows);
    for (uint32_t node = 0; node < kRows; ++node) node_rows[node] = node / shared * shared;
    const GraphIndex index(Metric::kL2, 4, example_.block(), block_of(codes), node_rows, *graph);
    for (const bool all : {true, false}) {
      const Rules rules;
      std::vector<Neighbor> found;
      index.search(
          {query_.data(), {code.data(), &codes.codec().kernel(), is_exact}, 10, 16, &rules, all},
          found);
      std::set<uint32_t> distinct;
      for (const Neighbor& each : found) distinct.insert(each.row);
      EXPECT_EQ(distinct.size(), 10U) << shared;
      EXPECT_EQ(found.size(), 10U) << shared;
    }
  }
}

TEST_F(GraphBytes, WithAnyWordChangedAreFoundOrHarmless) {
  for (size_t at = 0; at + 4 <= upper_.size(); at += 4) {
    for (const uint32_t lie : {0U, 1U, kRows - 1, kRows, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
      // Exact size and 4-byte aligned, so that a sanitizer sees a read beyond the end.
      std::vector<uint32_t> words(upper_.size() / 4);
      std::memcpy(words.data(), upper_.data(), upper_.size());
      words[at / 4] = lie;
      const auto graph = decode_graph(as_bytes(std::span<const uint32_t>(words)),
                                      as_bytes(std::span<const uint32_t>(level0_)), kRows);
      if (!graph) {
        ASSERT_EQ(graph.error().code, Code::kCorruptFile);
        continue;
      }
      const bool sound = check_graph(*graph).has_value();
      ASSERT_EQ(search(*graph).size(), 10U) << sound;
    }
  }
}

TEST_F(GraphBytes, ThatAreCutAreRefused) {
  for (size_t size = 0; size < upper_.size(); size += 4) {
    Buffer cut(upper_.begin(), upper_.begin() + static_cast<ptrdiff_t>(size));
    ASSERT_FALSE(decode(cut, level0_)) << size;
  }
  std::vector<uint32_t> short_level0 = level0_;
  short_level0.pop_back();
  EXPECT_FALSE(decode(upper_, short_level0));
  EXPECT_FALSE(decode(upper_, level0_, kRows - 1));
  Buffer longer = upper_;
  longer.resize(longer.size() + 4);
  EXPECT_FALSE(decode(longer, level0_));
}

}  // namespace
}  // namespace quiver::index
