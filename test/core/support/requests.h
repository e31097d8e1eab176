#pragma once

// Sessions to ask, and requests (docs/engine-messages.md) as their bytes.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/msgpack.h"
#include "quiver.h"
#include "store/vfs_memory.h"

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

/// A session on a new index in memory, opened with one option.
inline Expected<std::unique_ptr<engine::Session>> session_in_memory(std::string_view option,
                                                                    uint32_t value) {
  auto vfs = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  if (auto created = create_index(*vfs, Buffer{0x80}); !created) return created.error();
  msgpack::Writer options;
  options.map(1);
  options.text(option);
  options.integer(value);
  return open_session(vfs, options.take(), nullptr);
}

}  // namespace quiver::test
