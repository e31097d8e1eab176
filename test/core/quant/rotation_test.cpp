#include "quant/rotation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace quiver::quant {
namespace {

double squared(const std::vector<float>& v) {
  double sum = 0;
  for (const float x : v) sum += double{x} * double{x};
  return sum;
}

TEST(Rotation, KeepsLengthsAndDistances) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (const uint32_t dim : {64U, 128U, 192U, 320U, 384U, 448U, 1024U, 1536U}) {
    const Rotation rotation(dim, 7);
    std::vector<float> a(dim);
    std::vector<float> b(dim);
    for (uint32_t i = 0; i < dim; ++i) {
      a[i] = normal(random);
      b[i] = normal(random);
    }
    std::vector<float> apart(dim);
    for (uint32_t i = 0; i < dim; ++i) apart[i] = a[i] - b[i];
    const double length = squared(a);
    const double distance = squared(apart);
    rotation.apply(a.data());
    rotation.apply(b.data());
    for (uint32_t i = 0; i < dim; ++i) apart[i] = a[i] - b[i];
    EXPECT_NEAR(squared(a) / length, 1, 1e-5) << dim;
    EXPECT_NEAR(squared(apart) / distance, 1, 1e-5) << dim;
  }
}

TEST(Rotation, SpreadsOneCoordinateOverAll) {
  for (const uint32_t dim : {64U, 192U, 384U, 448U, 768U, 1536U}) {
    const Rotation rotation(dim, 7);
    float largest = 0;
    for (uint32_t one = 0; one < dim; one += 13) {
      std::vector<float> v(dim, 0);
      v[one] = 1;
      rotation.apply(v.data());
      for (const float x : v) largest = std::max(largest, std::abs(x));
    }
    // Of so many normal numbers of variance 1/dim hardly one is above 6 deviations.
    EXPECT_LT(largest * std::sqrt(static_cast<float>(dim)), 6) << dim;
  }
}

TEST(Rotation, DependsOnItsSeedAlone) {
  std::vector<float> a(96, 1);
  std::vector<float> b(96, 1);
  std::vector<float> c(96, 1);
  Rotation(96, 1).apply(a.data());
  Rotation(96, 1).apply(b.data());
  Rotation(96, 2).apply(c.data());
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

}  // namespace
}  // namespace quiver::quant
