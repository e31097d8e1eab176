#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernel/dispatch.h"
#include "kernel/isa/tables.h"
#include "support/code_batches.h"

namespace quiver::kernel {
namespace {

constexpr size_t kLengths[] = {16, 32, 48, 64, 112, 144, 208, 8208};

class SignsKernels : public ::testing::TestWithParam<const KernelTable*> {
 protected:
  std::vector<uint8_t> random_bytes(size_t count) {
    std::vector<uint8_t> bytes(count);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_());
    return bytes;
  }

  std::vector<uint8_t> random_query(size_t bytes) {
    auto query = random_bytes(sizeof(SignsQuery) + bytes / kSignsAtOnce * kLevelsAtOnce);
    put_head(query, {number(), number() / 100, static_cast<int32_t>(random_() % 1000) - 500, {}});
    return query;
  }

  std::vector<uint8_t> random_code(size_t bytes) {
    auto code = random_bytes(bytes);
    put_end(code, {number(), number() / 10});
    return code;
  }

  float number() { return std::uniform_real_distribution<float>(0, 100)(random_); }

  static void put_head(std::vector<uint8_t>& query, const SignsQuery& head) {
    std::memcpy(query.data(), &head, sizeof(head));
  }
  static void put_end(std::vector<uint8_t>& code, const SignsEnd& end) {
    std::memcpy(code.data() + code.size() - sizeof(end), &end, sizeof(end));
  }

  std::mt19937 random_{20261121};
};

TEST_P(SignsKernels, GiveTheScalarBits) {
  for (const size_t bytes : kLengths) {
    for (int round = 0; round < 20; ++round) {
      const auto query = random_query(bytes);
      const auto code = random_code(bytes);
      EXPECT_EQ(GetParam()->l2_signs.pair(query.data(), code.data(), bytes),
                kScalarTable.l2_signs.pair(query.data(), code.data(), bytes))
          << bytes << " bytes";
    }
  }
}

/// All bits, in each part of the levels: no sum on the way may be cut off or go round.
TEST_P(SignsKernels, GiveTheScalarBitsOfExtremes) {
  for (const size_t bytes : kLengths) {
    for (uint32_t parts = 0; parts < 16; ++parts) {
      std::vector<uint8_t> query(sizeof(SignsQuery) + bytes / kSignsAtOnce * kLevelsAtOnce);
      for (size_t i = 0; i < query.size(); ++i) {
        query[i] = (parts >> (i / kSignsAtOnce % 4) & 1) != 0 ? 255 : 0;
      }
      for (const int32_t levels : {1 << 20, -(1 << 20)}) {
        put_head(query, {1e9F, 1, levels, {}});
        std::vector<uint8_t> code(bytes, 255);
        put_end(code, {1e9F, 1});
        EXPECT_EQ(GetParam()->l2_signs.pair(query.data(), code.data(), bytes),
                  kScalarTable.l2_signs.pair(query.data(), code.data(), bytes))
            << bytes << " bytes, " << parts;
      }
    }
  }
}

TEST_P(SignsKernels, KnownValues) {
  const auto estimate = [](const std::vector<uint8_t>& query, const std::vector<uint8_t>& code) {
    const uint32_t bits = GetParam()->l2_signs.pair(query.data(), code.data(), code.size());
    float distance;
    std::memcpy(&distance, &bits, sizeof(distance));
    return distance;
  };
  // Two dimensions with the levels 5 (0101) and -3 (1101), of which the row has the first.
  std::vector<uint8_t> query(sizeof(SignsQuery) + kLevelsAtOnce);
  put_head(query, {10, 0.5F, 2, {}});
  query[64] = 3;
  query[64 + 32] = 3;
  query[64 + 48] = 2;
  std::vector<uint8_t> code(16);
  code[0] = 1;
  put_end(code, {20, 0.25F});
  EXPECT_EQ(estimate(query, code), 30 - 0.25F * 0.5F * 8);
  put_end(code, {20, 100});
  EXPECT_EQ(estimate(query, code), 0);
  put_end(code, {-10, 0});
  EXPECT_EQ(estimate(query, code), 0);
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float none : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
    put_end(code, {infinity, none});
    EXPECT_EQ(estimate(query, code), infinity);
  }
}

TEST_P(SignsKernels, BatchesGiveThePairs) {
  constexpr uint32_t kCodes = 37;
  for (const size_t bytes : {16, 32, 64, 112, 1008}) {
    const auto query = random_query(bytes);
    std::vector<uint8_t> codes;
    for (uint32_t i = 0; i < kCodes; ++i) {
      const auto code = random_code(bytes);
      codes.insert(codes.end(), code.begin(), code.end());
    }
    expect_batches_give_pairs(GetParam()->l2_signs, kScalarTable.l2_signs.pair, query.data(),
                              codes.data(), kCodes, bytes, random_);
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, SignsKernels,
                         ::testing::ValuesIn(available().begin(), available().end()),
                         [](const auto& of) { return std::string(of.param->name); });

}  // namespace
}  // namespace quiver::kernel
