#include "base/varint.h"

#include <gtest/gtest.h>

namespace quiver {
namespace {

Expected<uint64_t> decode(const Buffer& bytes) {
  ByteReader reader(bytes);
  return get_varint(reader);
}

TEST(Varint, ComesBack) {
  for (int bit = 0; bit < 64; ++bit) {
    for (const uint64_t value : {(uint64_t{1} << bit) - 1, uint64_t{1} << bit}) {
      ByteWriter writer;
      put_varint(writer, value);
      EXPECT_EQ(*decode(writer.buffer()), value);
      for (size_t size = 0; size < writer.size(); ++size) {
        EXPECT_EQ(decode(Buffer(writer.buffer().begin(),
                                writer.buffer().begin() + static_cast<ptrdiff_t>(size)))
                      .error()
                      .code,
                  Code::kCorruptFile);
      }
    }
  }
}

TEST(Varint, TakesOneByteASevenBits) {
  ByteWriter writer;
  put_varint(writer, 300);
  EXPECT_EQ(writer.buffer(), (Buffer{0xAC, 0x02}));
}

TEST(Varint, OfMoreThan64BitsIsRefused) {
  Buffer bytes(9, 0xFF);
  bytes.push_back(0x01);
  EXPECT_EQ(*decode(bytes), UINT64_MAX);
  bytes.back() = 0x02;
  EXPECT_FALSE(decode(bytes));
  bytes.back() = 0x81;
  bytes.push_back(0x00);
  EXPECT_FALSE(decode(bytes));
}

}  // namespace
}  // namespace quiver
