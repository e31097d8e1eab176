#include "base/fast_hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <unordered_set>

namespace quiver {
namespace {

TEST(FastHash, DiffersInHalfOfItsBitsForEveryBitThatDiffers) {
  std::mt19937 random(1);
  for (const size_t size : {1U, 7U, 8U, 31U, 32U, 33U, 100U}) {
    Buffer bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const uint64_t hash = hash_bytes(bytes, 0);
    for (size_t bit = 0; bit < size * 8; ++bit) {
      bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      const int differ = std::popcount(hash ^ hash_bytes(bytes, 0));
      EXPECT_GT(differ, 8) << size << " bytes, bit " << bit;
      EXPECT_LT(differ, 56) << size << " bytes, bit " << bit;
      bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
  }
}

TEST(FastHash, TellsSizesOfZerosAndSeedsApart) {
  std::unordered_set<uint64_t> seen;
  const Buffer zeros(200);
  for (size_t size = 0; size <= zeros.size(); ++size) {
    for (const uint64_t seed : {0U, 1U, 2U}) {
      EXPECT_TRUE(seen.insert(hash_bytes(Bytes(zeros).first(size), seed)).second);
    }
  }
}

}  // namespace
}  // namespace quiver
