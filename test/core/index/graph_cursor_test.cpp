// Searches in pieces against searches at once: what they find, and how many codes they measure for
// it.

#include "index/graph/graph_cursor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>
#include <vector>

#include "index/graph/graph_builder.h"
#include "index/graph/graph_index.h"
#include "quant/choose.h"
#include "quant/code_memory.h"
#include "quant/coded_rows.h"
#include "support/vectors.h"

namespace quiver::index {
namespace {

constexpr uint32_t kDim = 16;
constexpr uint32_t kRows = 12'000;

size_t measured = 0;
kernel::CodeBatch counted;

void count_and_measure(const uint8_t* query, const uint8_t* codes, size_t bytes,
                       const uint32_t* ids, size_t count, uint32_t* out) {
  measured += count;
  counted(query, codes, bytes, ids, count, out);
}

class Rules final : public RowRules {
 public:
  explicit Rules(std::function<bool(uint32_t)> allows) : allows_(std::move(allows)) {}
  [[nodiscard]] bool allows(uint32_t row) const override { return allows_(row); }
  [[nodiscard]] bool before(uint32_t a, uint32_t b) const override { return a < b; }

 private:
  std::function<bool(uint32_t)> allows_;
};

/// A graph that is walked by codes, and one query.
class InPieces : public testing::TestWithParam<Metric> {
 protected:
  InPieces()
      : rows_(quant::Vectors::clustered(GetParam(), kRows, kDim)),
        codes_(quant::encode_all(quant::choose_codecs({}, GetParam(), kDim, rows_).build, rows_)),
        code_(codes_.codec().query_bytes()) {
    for (uint32_t row = 0; row < kRows; ++row) inv_norms_.push_back(rows_.inv_norm(row));
    auto builder = GraphBuilder::create(
        {16, 100}, {codes_.codes(), codes_.codec().bytes(), kRows, &codes_.codec().kernel()},
        GraphAdoption(kRows));
    EXPECT_TRUE(builder);
    EXPECT_TRUE(*(*builder)->link([] { return true; }));
    graph_ = (*builder)->finish();
    // Its neighbours, but not itself, lie where the row does.
    query_.assign(rows_.vector(17), rows_.vector(17) + kDim);
    for (float& x : query_) x += 0.01F;
    if (GetParam() == Metric::kCosine) {
      const float scale = kernel::inverse_norm(query_.data(), kDim);
      for (float& x : query_) x *= scale;
    }
    is_exact_ = codes_.codec().encode_query(query_.data(), code_.data());
    counted = codes_.codec().kernel().batch;
    counting_ = {codes_.codec().kernel().pair, count_and_measure};
  }

  [[nodiscard]] VectorBlock block() const {
    return {rows_.vector(0), GetParam() == Metric::kCosine ? inv_norms_.data() : nullptr, 0, kRows};
  }
  [[nodiscard]] GraphIndex by_codes(const GraphView& graph) const {
    const CodeBlock codes{codes_.codes(), codes_.codec().bytes(), kRows, &codes_.codec().kernel()};
    return {GetParam(), kDim, block(), codes, {}, graph};
  }
  [[nodiscard]] GraphIndex by_vectors() const { return {GetParam(), kDim, block(), graph_.view()}; }

  [[nodiscard]] SearchRequest request(uint32_t k, const Rules* rules) const {
    SearchRequest request;
    request.query = query_.data();
    request.code = {code_.data(), &counting_, is_exact_};
    request.k = k;
    request.ef = std::max(100U, k * 3 / 2);
    request.rules = rules;
    request.allows_all = rules == &all_;
    return request;
  }

  /// The rows of a search at once, and how many codes it measured.
  std::vector<Neighbor> search(const GraphIndex& index, uint32_t k, const Rules* rules) const {
    measured = 0;
    std::vector<Neighbor> found;
    index.search(request(k, rules), found);
    return found;
  }

  void expect_as_at_once(const GraphIndex& index, const Rules* rules, uint32_t most) const {
    GraphCursor cursor;
    std::vector<Neighbor> found;
    size_t measured_in_pieces = 0;
    for (uint32_t k = 100; k <= most; k += 100) {
      measured = 0;
      ASSERT_TRUE(index.search_on(cursor, request(k, rules), found)) << k;
      measured_in_pieces += measured;
      const auto at_once = search(index, k, rules);
      EXPECT_LE(measured_in_pieces, measured * 11 / 10) << k;
      std::set<uint32_t> rows;
      for (const Neighbor& each : found) {
        EXPECT_TRUE(rows.insert(each.row).second);
        EXPECT_TRUE(rules->allows(each.row));
      }
      EXPECT_LE(found.size(), size_t{k} * 2 + 100);
      size_t both = 0;
      for (const Neighbor& each : at_once) both += rows.count(each.row);
      EXPECT_GE(both, at_once.size() - at_once.size() / 100) << k;
      for (const Neighbor& each : at_once) {
        for (const Neighbor& same : found) {
          if (same.row != each.row) continue;
          EXPECT_EQ(same.distance, each.distance);
        }
      }
    }
  }

  quant::Vectors rows_;
  quant::CodedRows codes_;
  quant::CodeMemory code_;
  bool is_exact_ = false;
  kernel::CodeKernel counting_{};
  std::vector<float> inv_norms_;
  std::vector<float> query_;
  GraphData graph_;
  const Rules all_{[](uint32_t) { return true; }};
  const Rules some_{[](uint32_t row) { return row % 3 != 0; }};
};

TEST_P(InPieces, AreAsAtOnceAndMeasureNoRowTwice) {
  const GraphIndex index = by_codes(graph_.view());
  expect_as_at_once(index, &all_, 900);
  expect_as_at_once(by_vectors(), &all_, 900);
  expect_as_at_once(by_vectors(), &some_, 300);
}

TEST_P(InPieces, TheFirstMeasuresWhatASearchAtOnceDoes) {
  const GraphIndex index = by_codes(graph_.view());
  for (const Rules* rules : {&all_, &some_}) {
    for (const uint32_t k : {1U, 10U, 100U, 500U}) {
      const auto at_once = search(index, k, rules);
      const size_t measured_at_once = measured;
      ASSERT_GT(measured_at_once, 0U);
      measured = 0;
      GraphCursor cursor;
      std::vector<Neighbor> found;
      if (!index.search_on(cursor, request(k, rules), found)) continue;  // as search() did
      EXPECT_LE(measured, measured_at_once * 3 / 2) << k;
      for (const Neighbor& each : at_once) {
        EXPECT_TRUE(std::any_of(found.begin(), found.end(),
                                [&](const Neighbor& other) { return other.row == each.row; }));
      }
    }
  }
}

TEST_P(InPieces, EndWhereAWalkIsNoShorterWay) {
  const GraphIndex index = by_codes(graph_.view());
  GraphCursor cursor;
  std::vector<Neighbor> found;
  EXPECT_TRUE(index.search_on(cursor, request(100, &all_), found));
  measured = 0;
  EXPECT_FALSE(index.search_on(cursor, request(kRows / 8, &all_), found));
  EXPECT_EQ(measured, 0U);
  // What is taken is so far away that a walk to it would measure them all.
  const Rules few([](uint32_t row) { return row == 5 || row == 6000; });
  GraphCursor other;
  EXPECT_FALSE(index.search_on(other, request(100, &few), found));
  EXPECT_LE(measured, kRows / 7);  // what the descent measures too
}

TEST_P(InPieces, EndWhereLinksLeadNowhere) {
  GraphData cut = graph_;
  std::fill(cut.neighbors.begin(), cut.neighbors.end(), kNoRow);
  GraphCursor cursor;
  std::vector<Neighbor> found;
  EXPECT_FALSE(by_codes(cut.view()).search_on(cursor, request(100, &all_), found));
}

INSTANTIATE_TEST_SUITE_P(Metrics, InPieces,
                         testing::Values(Metric::kL2, Metric::kCosine, Metric::kInnerProduct));

}  // namespace
}  // namespace quiver::index
