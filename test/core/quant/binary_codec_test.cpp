// Estimates by signs have no bias and the error that they promise, and find the nearest rows.

#include "quant/binary_codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "quant/choose.h"
#include "support/code_recall.h"

namespace quiver::quant {
namespace {

Vectors random_rows(uint32_t rows, uint32_t dim, uint32_t seed, float offset = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(size_t{rows} * dim);
  for (float& x : numbers) x = offset + normal(random);
  return {Metric::kL2, dim, std::move(numbers)};
}

double squared_distance(const float* a, const float* b, uint32_t dim) {
  double sum = 0;
  for (uint32_t i = 0; i < dim; ++i) {
    sum += (double{a[i]} - double{b[i]}) * (double{a[i]} - double{b[i]});
  }
  return sum;
}

/// An estimate less the distance, and what §3.2.2 of the paper bounds it by, were ε₀ 1.
struct Miss {
  double error;
  double bound;
};

/// For each query a row of misses.
std::vector<std::vector<Miss>> misses(const BinaryCodec& codec, const Vectors& rows,
                                      const Vectors& queries, uint32_t dim) {
  const CodedRows coded =
      encode_all(std::shared_ptr<const Codec>(&codec, [](const Codec*) {}), rows);
  CodeMemory query(codec.query_bytes());
  std::vector<std::vector<Miss>> all;
  for (uint32_t q = 0; q < queries.rows(); ++q) {
    codec.encode_query(queries.vector(q), query.data());
    kernel::SignsQuery head;
    std::memcpy(&head, query.data(), sizeof(head));
    auto& of_query = all.emplace_back();
    for (uint32_t row = 0; row < rows.rows(); ++row) {
      const uint8_t* code = coded.codes() + row * codec.bytes();
      kernel::SignsEnd end;
      std::memcpy(&end, code + codec.bytes() - sizeof(end), sizeof(end));
      const double bits = 8.0 * static_cast<double>(codec.bytes() - sizeof(end));
      // ‖o‖ times the cosine between o and its signs is ‖o‖² · 2 / (slope · √bits).
      const double cosine =
          2 * std::sqrt(double{end.squared}) / (double{end.slope} * std::sqrt(bits));
      const double sine = std::sqrt(std::max(0.0, 1 - cosine * cosine));
      const double product = std::sqrt(double{end.squared} * double{head.squared});
      const auto estimate =
          std::bit_cast<float>(codec.kernel().pair(query.data(), code, codec.bytes()));
      const double distance = squared_distance(queries.vector(q), rows.vector(row), dim);
      of_query.push_back(
          {double{estimate} - distance, 2 * product * sine / cosine / std::sqrt(bits - 1)});
    }
  }
  return all;
}

TEST(BinaryCodec, EstimatesWithoutBias) {
  constexpr uint32_t kRows = 300;
  for (const uint32_t dim : {24U, 100U, 129U, 768U}) {
    const Vectors rows = random_rows(kRows, dim, 1, 3);
    const Vectors queries = random_rows(kRows, dim, 2, 3);
    const auto codec = BinaryCodec::train(L2Space::of(Metric::kL2, dim, rows), rows);
    // Misses of one query have its levels in common, so that only queries are independent.
    double sum = 0;
    double squares = 0;
    double bounds = 0;
    for (const auto& of_query : misses(*codec, rows, queries, dim)) {
      double mean = 0;
      for (const Miss& miss : of_query) {
        mean += miss.error / kRows;
        bounds += miss.bound / kRows / kRows;
      }
      sum += mean;
      squares += mean * mean;
    }
    const double mean = sum / kRows;
    const double deviation = std::sqrt(squares / kRows - mean * mean);
    EXPECT_LT(std::abs(mean), 4 * deviation / std::sqrt(kRows) + 1e-4 * bounds) << dim;
    // The mean says something: it is far smaller than one miss.
    EXPECT_LT(std::abs(mean), 0.05 * bounds) << dim;
  }
}

TEST(BinaryCodec, KeepsItsBound) {
  for (const uint32_t dim : {24U, 100U, 129U, 768U}) {
    const Vectors rows = random_rows(300, dim, 1, -2);
    const Vectors queries = random_rows(100, dim, 2, -2);
    const auto codec = BinaryCodec::train(L2Space::of(Metric::kL2, dim, rows), rows);
    size_t kept = 0;
    double squares = 0;
    for (const auto& of_query : misses(*codec, rows, queries, dim)) {
      for (const Miss& miss : of_query) {
        // ε₀ as in the paper, which misses are within nearly always: they are nearly normal.
        kept += std::abs(miss.error) <= 1.9 * miss.bound ? 1 : 0;
        squares += miss.error * miss.error / (miss.bound * miss.bound);
      }
    }
    EXPECT_GT(static_cast<double>(kept), 0.93 * 30'000) << dim;
    // Neither is it far too wide.
    EXPECT_GT(std::sqrt(squares / 30'000), 0.8) << dim;
    EXPECT_LT(std::sqrt(squares / 30'000), 1.15) << dim;
  }
}

class BinaryOfEachMetric : public testing::TestWithParam<Metric> {};

TEST_P(BinaryOfEachMetric, FindsTheNearestRows) {
  for (const uint32_t dim : {40U, 100U, 128U, 384U}) {
    const Vectors rows = Vectors::clustered(GetParam(), 2000, dim, 0.5F);
    const Vectors queries = Vectors::clustered(GetParam(), 20, dim, 0.5F, 2);
    const auto codec = BinaryCodec::train(L2Space::of(GetParam(), dim, rows), rows);
    EXPECT_GT(recall(*codec, GetParam(), rows, queries, dim, 200), 0.9) << dim;
  }
}

TEST_P(BinaryOfEachMetric, ComesBackFromItsParameters) {
  for (const uint32_t dim : {1U, 2U, 3U, 7U, 63U, 65U, 129U, 1001U, 2048U}) {
    const Vectors rows = Vectors::clustered(GetParam(), 100, dim);
    const auto codec = BinaryCodec::train(L2Space::of(GetParam(), dim, rows), rows);
    EXPECT_EQ(codec->bytes() % kernel::kSignsAtOnce, 0U);
    EXPECT_LE(codec->bytes(), (dim + 1) / 8 + 1 + sizeof(kernel::SignsEnd) + 15);
    EXPECT_EQ(codec->kind(), CodeKind::kBinary);
    expect_comes_back(*codec, CodeKind::kSq4, rows, GetParam(), dim);
  }
}

TEST_P(BinaryOfEachMetric, TakesAnyNumbers) {
  const uint32_t dim = 16;
  const float huge = 3e38F;
  for (const float x : {0.0F, 1e-40F, 1.0F, huge, -huge}) {
    std::vector<float> numbers(size_t{40} * dim, x);
    numbers[5] = -x;
    const Vectors rows(GetParam(), dim, numbers);
    const auto codec = BinaryCodec::train(L2Space::of(GetParam(), dim, rows), rows);
    const auto found = distances_by_code(*codec, rows, GetParam(), dim, rows.vector(0));
    EXPECT_EQ(found[1], found[2]);
    for (const uint32_t bits : found) EXPECT_LE(bits, 0x7F80'0000U);  // no number, or below 0
    EXPECT_TRUE(read_codec(CodeKind::kBinary, GetParam(), dim, codec->parameters()));
  }
}

INSTANTIATE_TEST_SUITE_P(Codec, BinaryOfEachMetric,
                         testing::Values(Metric::kCosine, Metric::kL2, Metric::kInnerProduct),
                         [](const auto& of) { return std::string(metric_name(of.param)); });

TEST(BinaryCodec, TakesDamagedParameters) {
  const uint32_t dim = 24;
  const Vectors rows = Vectors::clustered(Metric::kInnerProduct, 100, dim);
  const auto codec = BinaryCodec::train(L2Space::of(Metric::kInnerProduct, dim, rows), rows);
  const Buffer good = codec->parameters();
  std::mt19937 random(1);
  size_t taken = 0;
  for (int round = 0; round < 2000; ++round) {
    Buffer bad = good;
    bad[random() % bad.size()] = static_cast<uint8_t>(random());
    const auto read = read_codec(CodeKind::kBinary, Metric::kInnerProduct, dim, bad);
    if (!read) continue;
    ++taken;
    for (const uint32_t bits :
         distances_by_code(**read, rows, Metric::kInnerProduct, dim, rows.vector(3))) {
      EXPECT_LE(bits, 0x7F80'0000U);
    }
  }
  EXPECT_GT(taken, 1000U);
}

TEST(BinaryCodec, IsChosenOnlyByName) {
  const Vectors rows = Vectors::clustered(Metric::kCosine, 500, 64);
  const Codecs codecs = choose_codecs({CodeKind::kBinary}, Metric::kCosine, 64, rows);
  EXPECT_EQ(codecs.search.codec->kind(), CodeKind::kBinary);
  EXPECT_FALSE(codecs.search.is_automatic);
  EXPECT_GT(codecs.search.sample_recall, 0.3F);
  EXPECT_EQ(codecs.build->kind(), CodeKind::kSq8);
  // Whole numbers too are searched as was asked for, and built by what they are.
  const Vectors whole(Metric::kL2, 2, {1, 2, 3, 4, 5, 6});
  const Codecs of_whole = choose_codecs({CodeKind::kBinary}, Metric::kL2, 2, whole);
  EXPECT_EQ(of_whole.search.codec->kind(), CodeKind::kBinary);
  EXPECT_TRUE(of_whole.build->is_exact());
}

}  // namespace
}  // namespace quiver::quant
