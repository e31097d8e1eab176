// Codes rank as vectors do, come back from their parameters, and take no parameters that do not
// fit.

#include "quant/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "quant/byte_codec.h"
#include "quant/choose.h"
#include "quant/coded_rows.h"
#include "quant/float_codec.h"
#include "quant/scalar_codec.h"
#include "support/code_recall.h"
#include "support/vectors.h"

namespace quiver::quant {
namespace {

class OfEachMetric : public testing::TestWithParam<Metric> {};

TEST_P(OfEachMetric, CodesFindTheNearestRows) {
  for (const uint32_t dim : {3U, 40U, 100U, 128U, 384U}) {
    const Vectors rows = Vectors::clustered(GetParam(), 2000, dim, 0.5F);
    const Vectors queries = Vectors::clustered(GetParam(), 20, dim, 0.5F, 2);
    const auto byte = ScalarCodec::train(CodeKind::kSq8, L2Space::of(GetParam(), dim, rows), rows);
    const auto half = ScalarCodec::train(CodeKind::kSq4, L2Space::of(GetParam(), dim, rows), rows);
    EXPECT_EQ(byte->bytes() % kernel::kCodeAlignment, 0U);
    EXPECT_GT(recall(*byte, GetParam(), rows, queries, dim, 20), dim < 8 ? 0.95 : 0.99) << dim;
    EXPECT_GT(recall(*half, GetParam(), rows, queries, dim, 60), 0.95) << dim;
  }
}

TEST_P(OfEachMetric, ComesBackFromItsParameters) {
  const uint32_t dim = 48;
  const Vectors rows = Vectors::clustered(GetParam(), 500, dim);
  for (const CodeKind kind : {CodeKind::kSq8, CodeKind::kSq4}) {
    const auto codec = ScalarCodec::train(kind, L2Space::of(GetParam(), dim, rows), rows);
    const auto read = read_codec(kind, GetParam(), dim, codec->parameters());
    ASSERT_TRUE(read);
    EXPECT_EQ((*read)->kind(), kind);
    EXPECT_EQ((*read)->parameters(), codec->parameters());
    for (uint32_t q = 0; q < 5; ++q) {
      EXPECT_EQ(distances_by_code(*codec, rows, GetParam(), dim, rows.vector(q)),
                distances_by_code(**read, rows, GetParam(), dim, rows.vector(q)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codec, OfEachMetric,
                         testing::Values(Metric::kCosine, Metric::kL2, Metric::kInnerProduct),
                         [](const auto& of) { return std::string(metric_name(of.param)); });

TEST(InnerProduct, RanksRowsOfVeryDifferentLengths) {
  const uint32_t dim = 32;
  Vectors rows = Vectors::clustered(Metric::kInnerProduct, 2000, dim);
  for (uint32_t row = 0; row < rows.rows(); ++row) {
    for (uint32_t i = 0; i < dim; ++i) {
      rows.numbers()[size_t{row} * dim + i] *= static_cast<float>(1 + row % 10);
    }
  }
  Vectors queries = Vectors::clustered(Metric::kInnerProduct, 20, dim, 0, 2);
  // The length of a query says nothing about the order.
  for (float& x : queries.numbers()) x *= 1000;
  const auto codec =
      ScalarCodec::train(CodeKind::kSq8, L2Space::of(Metric::kInnerProduct, dim, rows), rows);
  EXPECT_GT(recall(*codec, Metric::kInnerProduct, rows, queries, dim, 30), 0.98);
}

TEST(Cosine, RanksZeroVectorsAsRightAngles) {
  const uint32_t dim = 64;
  Vectors rows = Vectors::clustered(Metric::kCosine, 1000, dim);
  for (uint32_t row = 0; row < 1000; row += 10) {
    std::fill_n(rows.numbers().begin() + row * dim, dim, 0.0F);
  }
  // The best scores of these are far below one half.
  const Vectors queries = Vectors::clustered(Metric::kCosine, 20, dim, 0, 77);
  const auto codec =
      ScalarCodec::train(CodeKind::kSq8, L2Space::of(Metric::kCosine, dim, rows), rows);
  EXPECT_GT(recall(*codec, Metric::kCosine, rows, queries, dim, 20), 0.98);
}

TEST(ScalarCodec, IsNotSpoiltByARowFarFromAllOthers) {
  const uint32_t dim = 32;
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct}) {
    for (const float times : {30.0F, 100.0F, 1e6F}) {
      Vectors rows = Vectors::clustered(metric, 1500, dim);
      for (uint32_t i = 0; i < dim; ++i) rows.numbers()[i] *= times;
      const Vectors queries = Vectors::clustered(metric, 20, dim, 0, 2);
      const auto codec = ScalarCodec::train(CodeKind::kSq8, L2Space::of(metric, dim, rows), rows);
      // Under the inner product that row is among the best or the last of all, and found by luck.
      EXPECT_GT(recall(*codec, metric, rows, queries, dim, 20), metric == Metric::kL2 ? 0.98 : 0.8)
          << metric_name(metric) << ", " << times;
    }
  }
}

TEST(FloatCodec, OrdersAsTheMetricDoes) {
  for (const Metric metric : {Metric::kCosine, Metric::kL2, Metric::kInnerProduct}) {
    for (const uint32_t dim : {1U, 7U, 40U}) {
      const Vectors rows = Vectors::clustered(metric, 700, dim);
      const Vectors queries = Vectors::clustered(metric, 10, dim, 0, 2);
      const FloatCodec codec(L2Space::of(metric, dim, rows));
      EXPECT_GT(recall(codec, metric, rows, queries, dim, 10), dim == 1 ? 0.5 : 0.99) << dim;
    }
  }
}

TEST(FloatCodec, PutsWhatIsNoNumberFarthest) {
  const uint32_t dim = 4;
  const float none = std::numeric_limits<float>::quiet_NaN();
  const Vectors rows(Metric::kL2, dim, {1, 2, 3, 4, none, -none, 3, 4, 3e38F, 0, 0, 0});
  const FloatCodec codec(L2Space(Metric::kL2, dim, 0));
  const auto distances = distances_by_code(codec, rows, Metric::kL2, dim, rows.vector(0));
  EXPECT_EQ(distances[0], 0U);
  EXPECT_EQ(distances[1], distances[2]);
  EXPECT_GT(distances[1], 0U);
  // One more, as the builder counts, is a number still.
  EXPECT_LT(distances[1], std::numeric_limits<uint32_t>::max());
}

TEST(ByteCodec, TakesWholeNumbersInARangeOf256) {
  std::mt19937 random(5);
  const uint32_t dim = 20;
  std::vector<float> numbers(size_t{100} * dim);
  for (float& x : numbers) x = static_cast<float>(random() % 256) - 100;
  const Vectors rows(Metric::kL2, dim, numbers);
  const auto codec = ByteCodec::train(Metric::kL2, dim, rows);
  ASSERT_NE(codec, nullptr);
  const auto by_code = distances_by_code(*codec, rows, Metric::kL2, dim, rows.vector(0));
  for (uint32_t row = 0; row < rows.rows(); ++row) {
    EXPECT_EQ(static_cast<float>(by_code[row]),
              kernel::active().l2(rows.vector(0), rows.vector(row), dim));
  }
  CodeMemory code(codec->query_bytes());
  EXPECT_TRUE(codec->encode_query(rows.vector(3), code.data()));
  std::vector<float> between(rows.vector(3), rows.vector(3) + dim);
  between[7] += 0.25F;
  EXPECT_FALSE(codec->encode_query(between.data(), code.data()));
  between[7] = 1000;
  EXPECT_FALSE(codec->encode_query(between.data(), code.data()));

  const auto read = read_codec(CodeKind::kSq8, Metric::kL2, dim, codec->parameters());
  ASSERT_TRUE(read);
  EXPECT_TRUE((*read)->is_exact());
  EXPECT_EQ(distances_by_code(**read, rows, Metric::kL2, dim, rows.vector(9)),
            distances_by_code(*codec, rows, Metric::kL2, dim, rows.vector(9)));
}

TEST(ByteCodec, TakesNothingElse) {
  const uint32_t dim = 2;
  const auto taken = [&](Metric metric, std::vector<float> numbers) {
    return ByteCodec::train(metric, dim, Vectors(metric, dim, std::move(numbers))) != nullptr;
  };
  EXPECT_TRUE(taken(Metric::kL2, {0, 255, 3, 4}));
  EXPECT_FALSE(taken(Metric::kL2, {0, 256, 3, 4}));
  EXPECT_FALSE(taken(Metric::kL2, {0, 1, 0.5, 4}));
  EXPECT_FALSE(taken(Metric::kCosine, {0, 1, 2, 4}));
  EXPECT_FALSE(taken(Metric::kL2, {3e9F, 3e9F, 3e9F, 3e9F}));
}

TEST(ScalarCodec, TakesAnyNumbers) {
  const uint32_t dim = 16;
  const float huge = 3e38F;
  for (const Metric metric : {Metric::kCosine, Metric::kL2, Metric::kInnerProduct}) {
    for (const float x : {0.0F, 1e-40F, 1.0F, huge, -huge}) {
      std::vector<float> numbers(size_t{40} * dim, x);
      numbers[5] = -x;
      const Vectors rows(metric, dim, numbers);
      for (const CodeKind kind : {CodeKind::kSq8, CodeKind::kSq4}) {
        const auto codec = ScalarCodec::train(kind, L2Space::of(metric, dim, rows), rows);
        const auto found = distances_by_code(*codec, rows, metric, dim, rows.vector(0));
        EXPECT_EQ(found[1], found[2]);
        EXPECT_TRUE(read_codec(kind, metric, dim, codec->parameters()));
      }
    }
  }
}

TEST(Parameters, ThatDoNotFitAreRefused) {
  const uint32_t dim = 24;
  const Vectors rows = Vectors::clustered(Metric::kL2, 100, dim);
  const auto codec = ScalarCodec::train(CodeKind::kSq8, L2Space::of(Metric::kL2, dim, rows), rows);
  const Buffer good = codec->parameters();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read_codec(CodeKind::kSq8, Metric::kL2, dim, Bytes(good).first(size)));
  }
  Buffer longer = good;
  longer.push_back(0);
  EXPECT_FALSE(read_codec(CodeKind::kSq8, Metric::kL2, dim, longer));
  EXPECT_FALSE(read_codec(CodeKind::kSq8, Metric::kL2, dim + 1, good));
  EXPECT_FALSE(read_codec(CodeKind::kNone, Metric::kL2, dim, good));
  const auto later = read_codec(static_cast<CodeKind>(77), Metric::kL2, dim, good);
  EXPECT_EQ(later.error().code, Code::kUnsupportedFormat);
  // Whatever else they hold, codes can be made with them.
  std::mt19937 random(1);
  CodeMemory code(codec->bytes());
  for (int round = 0; round < 2000; ++round) {
    Buffer bad = good;
    bad[random() % bad.size()] = static_cast<uint8_t>(random());
    const auto read = read_codec(CodeKind::kSq8, Metric::kL2, dim, bad);
    if (read && (*read)->bytes() <= codec->bytes()) {
      (*read)->encode_row(rows.vector(0), 1, code.data());
    }
  }
}

TEST(CodedRows, OfMoreBytesThanThereAreAddressesAreRefused) {
  EXPECT_THROW(CodeMemory{SIZE_MAX}, std::bad_alloc);
  EXPECT_THROW(CodeMemory{SIZE_MAX / 2 + 1}, std::bad_alloc);
}

TEST(ChooseCodec, TakesWhatFindsTheNeighbours) {
  const auto kind = [](const Choice& choice) {
    return choice.codec ? choice.codec->kind() : CodeKind::kNone;
  };
  const auto auto_choice = [&](Metric metric, uint32_t dim) {
    return choose_codecs({}, metric, dim, Vectors::clustered(metric, 3000, dim)).search;
  };
  EXPECT_EQ(kind(auto_choice(Metric::kCosine, 64)), CodeKind::kSq8);
  EXPECT_EQ(kind(auto_choice(Metric::kCosine, 768)), CodeKind::kSq4);
  EXPECT_GE(auto_choice(Metric::kCosine, 64).sample_recall, 0.99F);
  EXPECT_TRUE(auto_choice(Metric::kL2, 64).is_automatic);

  // Neighbours that differ by a millionth of what rows are apart: no code tells them apart.
  std::vector<float> numbers;
  std::mt19937 random(1);
  for (uint32_t row = 0; row < 3000; ++row) {
    for (uint32_t i = 0; i < 16; ++i) {
      numbers.push_back((row % 2 == 0 ? 1000.0F : -1000.0F) +
                        1e-3F * static_cast<float>(random() % 1000) / 1000);
    }
  }
  const Vectors twins(Metric::kL2, 16, numbers);
  const Choice none = choose_codecs({}, Metric::kL2, 16, twins).search;
  EXPECT_EQ(kind(none), CodeKind::kNone);
  EXPECT_LT(none.sample_recall, 0.99F);
  EXPECT_TRUE(choose_codecs({}, Metric::kL2, 16, twins).build->has_float_distances());
  EXPECT_EQ(kind(choose_codecs({CodeKind::kSq8}, Metric::kL2, 16, twins).search), CodeKind::kSq8);

  const Vectors rows = Vectors::clustered(Metric::kL2, 100, 16);
  EXPECT_EQ(kind(choose_codecs({CodeKind::kNone}, Metric::kL2, 16, rows).search), CodeKind::kNone);
  EXPECT_EQ(kind(choose_codecs({CodeKind::kSq4}, Metric::kL2, 16, rows).search), CodeKind::kSq4);
  EXPECT_FALSE(choose_codecs({CodeKind::kSq4}, Metric::kL2, 16, rows).search.is_automatic);
  // One row is enough to begin with.
  EXPECT_EQ(kind(choose_codecs({}, Metric::kL2, 2, Vectors(Metric::kL2, 2, {0.5, 0.25})).search),
            CodeKind::kSq8);
}

// ---------------------------------------------------------------------------------------------------

/// Counts how often a row is asked for.
class CountedRows final : public TrainingRows {
 public:
  explicit CountedRows(Vectors rows) : rows_(std::move(rows)) {}

  [[nodiscard]] uint32_t rows() const override { return rows_.rows(); }
  [[nodiscard]] const float* vector(uint32_t row) const override {
    ++asked;
    return rows_.vector(row);
  }
  [[nodiscard]] float inv_norm(uint32_t row) const override { return rows_.inv_norm(row); }

  mutable uint32_t asked = 0;

 private:
  Vectors rows_;
};

uint32_t most_asked_in_a_step(Metric metric, uint32_t dim, const CountedRows& rows) {
  CodecChooser chooser({}, metric, dim, rows);
  uint32_t most = 0;
  for (bool is_done = false; !is_done;) {
    rows.asked = 0;
    is_done = chooser.step();
    most = std::max(most, rows.asked);
  }
  EXPECT_TRUE(chooser.take().build);
  return most;
}

TEST(Codecs, AreChosenInStepsThatDoNotGrowWithTheRows) {
  // A step holds a query of the sample against the others, or looks at 2^17 numbers.
  constexpr uint32_t kSample = 8192;
  for (const Metric metric : {Metric::kL2, Metric::kCosine, Metric::kInnerProduct}) {
    const CountedRows rows(Vectors::clustered(metric, 20000, 16));
    EXPECT_LE(most_asked_in_a_step(metric, 16, rows), kSample);
  }
  std::vector<float> numbers(size_t{40000} * 16);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i % 251);
  const CountedRows bytes(Vectors(Metric::kL2, 16, std::move(numbers)));
  EXPECT_LE(most_asked_in_a_step(Metric::kL2, 16, bytes), kSample);
}

}  // namespace
}  // namespace quiver::quant
