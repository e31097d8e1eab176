#include "base/compression.h"

#include <gtest/gtest.h>

#include <string>

namespace quiver {
namespace {

TEST(Compression, ComesBack) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(300'000, 'x')}) {
    const Bytes raw = as_bytes(text);
    const auto again = decompress(compress(raw), raw.size());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(as_text(*again), text);
  }
}

TEST(Compression, OfAnotherSizeIsRefusedBeforeMemoryIsTaken) {
  const Buffer compressed = compress(as_bytes(std::string(1000, 'x')));
  // The last of these cannot be had: to try would be another error.
  for (const size_t size : {size_t{0}, size_t{999}, size_t{1001}, SIZE_MAX / 4}) {
    const auto raw = decompress(compressed, size);
    ASSERT_FALSE(raw) << size;
    EXPECT_EQ(raw.error().code, Code::kCorruptFile);
  }
}

TEST(Compression, CutOffOrFollowedByMoreIsRefused) {
  const Buffer compressed = compress(as_bytes(std::string(1000, 'x')));
  for (size_t size = 0; size < compressed.size(); ++size) {
    const auto raw = decompress(Bytes(compressed).first(size), 1000);
    ASSERT_FALSE(raw) << size;
    EXPECT_EQ(raw.error().code, Code::kCorruptFile);
  }
  Buffer longer = compressed;
  longer.push_back(0);
  EXPECT_FALSE(decompress(longer, 1000));
}

}  // namespace
}  // namespace quiver
