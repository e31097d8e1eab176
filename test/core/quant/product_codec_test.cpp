// Codes by centroids find the nearest rows, and centroids are trained alike everywhere.

#include "quant/product_codec.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "quant/choose.h"
#include "quant/k_means.h"
#include "support/code_recall.h"

namespace quiver::quant {
namespace {

std::unique_ptr<ProductCodec> trained(Metric metric, uint32_t dim, const Vectors& rows) {
  ProductTrainer trainer(L2Space::of(metric, dim, rows), rows);
  while (!trainer.step()) {
  }
  return trainer.take();
}

TEST(KMeans, FindsWhatPointsGatherAround) {
  constexpr uint32_t kPoints = 4000;
  constexpr uint32_t kStride = 3;  // the third number is another part's
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 0.001F);
  std::vector<float> points;
  for (uint32_t i = 0; i < kPoints; ++i) {
    points.push_back(static_cast<float>(i % 16) + normal(random));
    points.push_back(static_cast<float>(i / 16 % 16) + normal(random));
    points.push_back(1000);
  }
  std::vector<float> centroids = first_centroids(points.data(), kPoints, kStride, 2);
  const auto error = [&] {
    double sum = 0;
    std::array<float, kCentroids> distances;
    for (uint32_t i = 0; i < kPoints; ++i) {
      distances_to_centroids(&points[size_t{i} * kStride], centroids, distances.data());
      const uint8_t nearest = nearest_centroid(&points[size_t{i} * kStride], centroids);
      const float least = *std::min_element(distances.begin(), distances.end());
      EXPECT_LE(distances[nearest], least * 1.0001F);
      sum += double{distances[nearest]};
    }
    return sum / kPoints;
  };
  double before = error();
  for (int round = 0; round < 8; ++round) {
    improve_centroids(points.data(), kPoints, kStride, centroids);
    const double after = error();
    EXPECT_LE(after, before * 1.0001);
    before = after;
  }
  EXPECT_LT(before, 0.3);  // of a grid of steps of 1
}

class ProductOfEachMetric : public testing::TestWithParam<Metric> {};

TEST_P(ProductOfEachMetric, FindsTheNearestRows) {
  for (const uint32_t dim : {40U, 100U, 384U}) {
    const Vectors rows = Vectors::clustered(GetParam(), 1000, dim, 0.5F);
    const Vectors queries = Vectors::clustered(GetParam(), 8, dim, 0.5F, 2);
    const auto codec = trained(GetParam(), dim, rows);
    EXPECT_GT(recall(*codec, GetParam(), rows, queries, dim, 60), 0.9) << dim;
  }
}

TEST_P(ProductOfEachMetric, ComesBackFromItsParameters) {
  for (const uint32_t dim : {1U, 2U, 3U, 7U, 65U, 257U, 2048U}) {
    const Vectors rows = Vectors::clustered(GetParam(), 50, dim);
    const auto codec = trained(GetParam(), dim, rows);
    EXPECT_LE(codec->bytes(), (dim + 1) / 4 + 8);
    EXPECT_EQ(trained(GetParam(), dim, rows)->parameters(), codec->parameters());
    EXPECT_EQ(codec->kind(), CodeKind::kPq);
    expect_comes_back(*codec, CodeKind::kBinary, rows, GetParam(), dim);
  }
}

TEST_P(ProductOfEachMetric, TakesAnyNumbers) {
  const uint32_t dim = 16;
  const float huge = 3e38F;
  for (const float x : {0.0F, 1e-40F, 1.0F, huge, -huge}) {
    std::vector<float> numbers(size_t{40} * dim, x);
    numbers[5] = -x;
    const Vectors rows(GetParam(), dim, numbers);
    const auto codec = trained(GetParam(), dim, rows);
    const auto found = distances_by_code(*codec, rows, GetParam(), dim, rows.vector(0));
    EXPECT_EQ(found[1], found[2]);
    EXPECT_TRUE(read_codec(CodeKind::kPq, GetParam(), dim, codec->parameters()));
  }
}

INSTANTIATE_TEST_SUITE_P(Codec, ProductOfEachMetric,
                         testing::Values(Metric::kCosine, Metric::kL2, Metric::kInnerProduct),
                         [](const auto& of) { return std::string(metric_name(of.param)); });

TEST(ProductCodec, BatchesGiveThePairs) {
  const uint32_t dim = 100;
  const Vectors rows = Vectors::clustered(Metric::kL2, 60, dim);
  const auto codec = trained(Metric::kL2, dim, rows);
  const auto in_order = distances_by_code(*codec, rows, Metric::kL2, dim, rows.vector(3));
  const CodedRows coded =
      encode_all(std::shared_ptr<const Codec>(codec.get(), [](const Codec*) {}), rows);
  CodeMemory query(codec->query_bytes());
  codec->encode_query(rows.vector(3), query.data());
  std::vector<uint32_t> ids(rows.rows());
  for (uint32_t i = 0; i < rows.rows(); ++i) ids[i] = i * 7 % rows.rows();
  for (size_t count = 0; count <= ids.size(); ++count) {
    std::vector<uint32_t> out(count + 1, 77);
    codec->kernel().batch(query.data(), coded.codes(), codec->bytes(), ids.data(), count,
                          out.data());
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(out[i], in_order[ids[i]]);
      EXPECT_EQ(out[i], codec->kernel().pair(query.data(), coded.codes() + ids[i] * codec->bytes(),
                                             codec->bytes()));
    }
    EXPECT_EQ(out[count], 77U);
  }
}

TEST(ProductCodec, TakesDamagedParameters) {
  const uint32_t dim = 12;
  const Vectors rows = Vectors::clustered(Metric::kInnerProduct, 100, dim);
  const auto codec = trained(Metric::kInnerProduct, dim, rows);
  const Buffer good = codec->parameters();
  std::mt19937 random(1);
  size_t taken = 0;
  for (int round = 0; round < 500; ++round) {
    Buffer bad = good;
    for (size_t i = 0; i < good.size() / 50; ++i) {
      bad[16 + random() % (bad.size() - 16)] = static_cast<uint8_t>(random());
    }
    const auto read = read_codec(CodeKind::kPq, Metric::kInnerProduct, dim, bad);
    ASSERT_TRUE(read);
    distances_by_code(**read, rows, Metric::kInnerProduct, dim, rows.vector(3));
    bad = good;
    bad[random() % 16] = static_cast<uint8_t>(random());
    taken += read_codec(CodeKind::kPq, Metric::kInnerProduct, dim, bad) ? 1 : 0;
  }
  EXPECT_GT(taken, 0U);
  EXPECT_LT(taken, 500U);
}

TEST(ProductCodec, IsChosenOnlyByName) {
  const Vectors rows = Vectors::clustered(Metric::kCosine, 300, 32);
  const Codecs codecs = choose_codecs({CodeKind::kPq}, Metric::kCosine, 32, rows);
  ASSERT_NE(codecs.search.codec, nullptr);
  EXPECT_EQ(codecs.search.codec->kind(), CodeKind::kPq);
  EXPECT_EQ(codecs.build->kind(), CodeKind::kSq8);
  EXPECT_NE(choose_codecs({}, Metric::kCosine, 32, rows).search.codec->kind(), CodeKind::kPq);
}

}  // namespace
}  // namespace quiver::quant
