#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace quiver {
namespace {

TEST(Crc32c, GivesTheValuesOfRfc3720) {
  const Buffer zeros(32, 0x00);
  const Buffer ones(32, 0xFF);
  Buffer rising(32);
  std::iota(rising.begin(), rising.end(), uint8_t{0});
  const Buffer falling(rising.rbegin(), rising.rend());
  EXPECT_EQ(crc32c(zeros), 0x8A9136AAU);
  EXPECT_EQ(crc32c(ones), 0x62A8AB43U);
  EXPECT_EQ(crc32c(rising), 0x46DD794EU);
  EXPECT_EQ(crc32c(falling), 0x113FDB5CU);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, IsTheSameWithAndWithoutInstructionsForItAndInPieces) {
  std::mt19937 random(1);
  Buffer bytes(300);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  for (size_t from = 0; from < 9; ++from) {
    for (size_t size = 0; from + size <= bytes.size(); ++size) {
      const Bytes part = Bytes(bytes).subspan(from, size);
      const uint32_t whole = crc32c(part);
      ASSERT_EQ(whole, crc32c_portable(part)) << from << ", " << size;
      const size_t cut = size / 3;
      ASSERT_EQ(crc32c(part.subspan(cut), crc32c(part.first(cut))), whole);
    }
  }
}

}  // namespace
}  // namespace quiver
