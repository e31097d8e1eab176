#pragma once

// Requests of sessions (docs/engine-messages.md) as their bytes.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <vector>

#include "base/bytes.h"

namespace quiver::test {

/// Numbers, and what stands behind them.
inline Buffer words(std::initializer_list<uint32_t> numbers, Bytes rest = {}) {
  Buffer bytes(numbers.size() * sizeof(uint32_t) + rest.size());
  std::memcpy(bytes.data(), numbers.begin(), numbers.size() * sizeof(uint32_t));
  std::copy(rest.begin(), rest.end(), bytes.end() - static_cast<ptrdiff_t>(rest.size()));
  return bytes;
}

struct Asked {
  uint32_t top_k = 10;
  uint32_t flags = 0;
  Bytes filter = {};
};

/// QUERY by these vectors, all of the same length.
inline Buffer query_request(const Asked& asked, const std::vector<std::vector<float>>& vectors) {
  ByteWriter writer;
  writer.put(uint32_t{1});
  writer.put(asked.top_k);
  writer.put(uint32_t{0});  // ef
  writer.put(asked.flags);
  writer.put(-std::numeric_limits<float>::infinity());
  writer.put(0.0F);  // target_recall
  writer.put(static_cast<uint32_t>(vectors.size()));
  writer.put(static_cast<uint32_t>(vectors.front().size()));
  writer.put(static_cast<uint32_t>(asked.filter.size()));
  writer.put(uint32_t{0});  // options
  for (const std::vector<float>& vector : vectors) writer.put_bytes(as_bytes(std::span(vector)));
  writer.put_bytes(asked.filter);
  return writer.take();
}

}  // namespace quiver::test
