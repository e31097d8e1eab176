#include "index/graph/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace quiver::index {
namespace {

TEST(Calibration, TakesAnEfBetweenThoseThatWereMeasured) {
  const Calibration calibration({{100, 0.8F}, {200, 0.94F}, {400, 0.995F}, {800, 0.9995F}});
  EXPECT_EQ(calibration.ef_for(0.5F, 10), 100U);
  EXPECT_EQ(calibration.ef_for(0.5F, 3), 100U);
  // A little more is aimed for than was asked: 0.94 here.
  EXPECT_EQ(calibration.ef_for(0.9F, 10), 200U);
  EXPECT_GT(calibration.ef_for(0.95F, 10), 220U);
  EXPECT_LT(calibration.ef_for(0.95F, 10), 320U);
  EXPECT_GT(calibration.ef_for(0.99F, 10), calibration.ef_for(0.98F, 10));
  EXPECT_LT(calibration.ef_for(0.99F, 10), 400U);
}

TEST(Calibration, IsNotLedAstrayByARecallThatFalls) {
  const Calibration calibration({{10, 0.9F}, {20, 0.85F}, {40, 0.85F}, {80, 0.97F}});
  EXPECT_EQ(calibration.ef_for(0.8F, 10), 10U);
  EXPECT_GT(calibration.ef_for(0.9F, 10), 40U);
  EXPECT_LE(calibration.ef_for(0.95F, 10), 80U);
}

TEST(Calibration, LooksFartherForMoreNeighbours) {
  const Calibration calibration({{10, 0.8F}, {40, 0.999F}});
  uint32_t before = 0;
  for (const uint32_t k : {1U, 10U, 50U, 100U, 1000U, 1U << 31}) {
    const uint32_t ef = calibration.ef_for(0.95F, k);
    EXPECT_GE(ef, k);
    EXPECT_GE(ef, before);
    before = ef;
  }
}

TEST(Calibration, FallsBackOnWhatHardDataNeed) {
  const Calibration nothing;
  uint32_t before = 0;
  for (const float target : {0.5F, 0.9F, 0.95F, 0.99F, 0.999F, 1.0F}) {
    const uint32_t ef = nothing.ef_for(target, 10);
    EXPECT_GE(ef, before);
    before = ef;
  }
  EXPECT_GT(before, 640U);
  // What was measured and did not suffice is not enough.
  EXPECT_GE(Calibration({{2000, 0.5F}}).ef_for(0.9F, 10), 2000U);
}

TEST(Calibration, ComesBackFromItsBytesAndFromNoOthers) {
  const Calibration calibration({{10, 0.8F}, {20, 0.93F}});
  const Buffer bytes = calibration.encode();
  const auto read = Calibration::decode(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->encode(), bytes);
  EXPECT_TRUE(Calibration::decode({}));
  EXPECT_FALSE(Calibration::decode(Bytes(bytes).first(15)));
  EXPECT_FALSE(Calibration::decode(Calibration({{20, 0.8F}, {20, 0.9F}}).encode()));
  EXPECT_FALSE(Calibration::decode(Calibration({{0, 0.8F}}).encode()));
  EXPECT_FALSE(
      Calibration::decode(Calibration({{1, std::numeric_limits<float>::quiet_NaN()}}).encode()));
  EXPECT_FALSE(Calibration::decode(Buffer(size_t{65} * 8, 1)));
}

}  // namespace
}  // namespace quiver::index
