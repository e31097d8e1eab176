#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernel/dispatch.h"
#include "kernel/isa/tables.h"
#include "support/code_batches.h"

namespace quiver::kernel {
namespace {

/// Bytes at an address that is a multiple of kCodeAlignment and of nothing more.
class Bytes {
 public:
  explicit Bytes(size_t size) : lines_(size / kCodeAlignment + 1) {
    const bool odd = reinterpret_cast<uintptr_t>(lines_.data()) / kCodeAlignment % 2 != 0;
    data_ = lines_.data()->bytes + (odd ? 0 : kCodeAlignment);
    size_ = size;
  }
  [[nodiscard]] uint8_t* data() { return data_; }
  [[nodiscard]] size_t size() const { return size_; }
  void fill(uint8_t byte) { std::memset(data_, byte, size_); }

 private:
  struct alignas(kCodeAlignment) Line {
    uint8_t bytes[kCodeAlignment];
  };
  std::vector<Line> lines_;
  uint8_t* data_;
  size_t size_;
};

/// A distance, and what its codes may hold.
struct Kind {
  const char* name;
  CodeKernel KernelTable::*kernel;
  uint8_t largest;  ///< of a byte
};

constexpr Kind kKinds[] = {
    {"l2_u8", &KernelTable::l2_u8, 255},
    {"l2_u7", &KernelTable::l2_u7, 127},
    {"l2_u4", &KernelTable::l2_u4, 255},
};

constexpr size_t kLengths[] = {64, 128, 192, 256, 320, 384, 768, 832, 1536, 4096, 65'536};

class CodeKernels : public ::testing::TestWithParam<const KernelTable*> {
 protected:
  void fill(Bytes& bytes, uint8_t largest) {
    std::uniform_int_distribution<int> byte(0, largest);
    for (size_t i = 0; i < bytes.size(); ++i) bytes.data()[i] = static_cast<uint8_t>(byte(random_));
  }

  void expect_same_pair(const Kind& kind, const uint8_t* query, const uint8_t* code, size_t bytes) {
    EXPECT_EQ((GetParam()->*kind.kernel).pair(query, code, bytes),
              (kScalarTable.*kind.kernel).pair(query, code, bytes))
        << kind.name << ", " << bytes << " bytes";
  }

  std::mt19937 random_{20261121};
};

TEST_P(CodeKernels, GiveTheScalarSumsOfRandomCodes) {
  for (const Kind& kind : kKinds) {
    for (const size_t bytes : kLengths) {
      Bytes query(bytes);
      Bytes code(bytes);
      for (int round = 0; round < 5; ++round) {
        fill(query, kind.largest);
        fill(code, kind.largest);
        expect_same_pair(kind, query.data(), code.data(), bytes);
      }
    }
  }
}

/// Every byte of one code against every byte of another, and the farthest everywhere: no sum on the
/// way may be cut off or go round.
TEST_P(CodeKernels, GiveTheScalarSumsOfEveryPairOfBytes) {
  for (const Kind& kind : kKinds) {
    Bytes query(256);
    Bytes code(256);
    for (int byte = 0; byte <= kind.largest; ++byte) {
      code.fill(static_cast<uint8_t>(byte));
      for (size_t i = 0; i < query.size(); ++i) {
        query.data()[i] = static_cast<uint8_t>(i % (size_t{kind.largest} + 1));
      }
      expect_same_pair(kind, query.data(), code.data(), 256);
    }
    for (const size_t bytes : kLengths) {
      Bytes long_query(bytes);
      Bytes long_code(bytes);
      for (const uint8_t low : {0, 0x0F, 0xF0}) {
        for (const bool swapped : {false, true}) {
          const auto near = static_cast<uint8_t>(low & kind.largest);
          const auto far = static_cast<uint8_t>(~low & kind.largest);
          long_query.fill(swapped ? near : far);
          long_code.fill(swapped ? far : near);
          expect_same_pair(kind, long_query.data(), long_code.data(), bytes);
        }
      }
      long_query.fill(kind.largest);
      long_code.fill(kind.largest);
      expect_same_pair(kind, long_query.data(), long_code.data(), bytes);
    }
  }
}

TEST_P(CodeKernels, KnownValues) {
  const KernelTable& table = *GetParam();
  Bytes zeros(65'536);
  Bytes ones(65'536);
  ones.fill(255);
  EXPECT_EQ(table.l2_u8.pair(zeros.data(), ones.data(), 65'536), 4'261'478'400U);  // 65,536 · 255²
  EXPECT_EQ(table.l2_u4.pair(zeros.data(), ones.data(), 64), 128U * 15 * 15);
  ones.fill(127);
  EXPECT_EQ(table.l2_u7.pair(zeros.data(), ones.data(), 65'536), 65'536U * 127 * 127);
  zeros.data()[5] = 3;
  ones.fill(0);
  ones.data()[5] = 0x74;
  EXPECT_EQ(table.l2_u4.pair(zeros.data(), ones.data(), 64), 1U + 49U);
}

TEST_P(CodeKernels, BatchesGiveThePairSums) {
  constexpr uint32_t kCodes = 37;
  for (const Kind& kind : kKinds) {
    const CodeKernel& kernel = GetParam()->*kind.kernel;
    for (const size_t bytes : {64, 128, 192, 384, 768, 1536, 4096}) {
      SCOPED_TRACE(::testing::Message() << kind.name << ", " << bytes << " bytes");
      Bytes query(bytes);
      Bytes codes(kCodes * bytes);
      fill(query, kind.largest);
      fill(codes, kind.largest);
      expect_batches_give_pairs(kernel, (kScalarTable.*kind.kernel).pair, query.data(),
                                codes.data(), kCodes, bytes, random_);
    }
  }
}

std::string table_name(const ::testing::TestParamInfo<const KernelTable*>& info) {
  return info.param->name;
}

INSTANTIATE_TEST_SUITE_P(Tables, CodeKernels,
                         ::testing::ValuesIn(available().begin(), available().end()), table_name);

}  // namespace
}  // namespace quiver::kernel
