#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "kernel/table.h"

namespace quiver::kernel {

/// Batches of all lengths, of consecutive codes and of listed ones, give what `pair` gives for each
/// code, and write nothing behind that.
inline void expect_batches_give_pairs(const CodeKernel& kernel, CodeDistance pair,
                                      const uint8_t* query, const uint8_t* codes, uint32_t count,
                                      size_t bytes, std::mt19937& random) {
  constexpr uint32_t kUntouched = 0xABCD'1234;
  std::vector<uint32_t> want(count);
  for (uint32_t i = 0; i < count; ++i) want[i] = pair(query, codes + i * bytes, bytes);
  std::vector<uint32_t> ids(count);
  std::iota(ids.begin(), ids.end(), 0U);
  std::shuffle(ids.begin(), ids.end(), random);
  ids.insert(ids.end(), {0, count - 1, count - 1, 0});  // an id may come again
  for (size_t length = 0; length <= ids.size(); ++length) {
    for (const bool listed : {false, true}) {
      if (!listed && length > count) continue;
      std::vector<uint32_t> out(length + 1, kUntouched);
      kernel.batch(query, codes, bytes, listed ? ids.data() : nullptr, length, out.data());
      for (size_t i = 0; i < length; ++i) EXPECT_EQ(out[i], want[listed ? ids[i] : i]) << i;
      EXPECT_EQ(out[length], kUntouched);
    }
  }
}

}  // namespace quiver::kernel
