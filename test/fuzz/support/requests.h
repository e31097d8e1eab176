#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/bytes.h"

// The requests of docs/engine-messages.md, for seeds.

namespace quiver::fuzz {

inline Buffer numbers(std::initializer_list<uint32_t> values) {
  ByteWriter writer;
  for (const uint32_t value : values) writer.put(value);
  return writer.take();
}

inline Buffer joined(std::initializer_list<Bytes> parts) {
  ByteWriter writer;
  for (const Bytes part : parts) writer.put_bytes(part);
  return writer.take();
}

inline Buffer floats(const std::vector<float>& values) {
  const Bytes bytes = as_bytes(std::span<const float>(values));
  return {bytes.begin(), bytes.end()};
}

inline Buffer query_request(uint32_t top_k, uint32_t ef, uint32_t flags, float min_score,
                            uint32_t queries, const std::vector<float>& vectors, Bytes filter,
                            Bytes options = {}) {
  const auto dim = static_cast<uint32_t>(vectors.size()) / queries;
  return joined({numbers({1, top_k, ef, flags}), floats({min_score, 0}),
                 numbers({queries, dim, static_cast<uint32_t>(filter.size()),
                          static_cast<uint32_t>(options.size())}),
                 floats(vectors), filter, options});
}

inline Buffer get_request(uint32_t flags, std::initializer_list<std::string_view> ids) {
  ByteWriter writer;
  writer.put_bytes(numbers({2, flags, static_cast<uint32_t>(ids.size())}));
  for (const std::string_view id : ids) writer.put(static_cast<uint32_t>(id.size()));
  for (const std::string_view id : ids) writer.put_text(id);
  return writer.take();
}

inline Buffer list_request(uint32_t flags, Bytes filter) {
  return joined({numbers({5, flags, static_cast<uint32_t>(filter.size())}), filter});
}

inline Buffer stream_request(uint32_t flags, float min_score, uint32_t max_results,
                             const std::vector<float>& vector, Bytes filter) {
  return joined({numbers({6, flags}), floats({min_score, 0}),
                 numbers({max_results, static_cast<uint32_t>(vector.size()),
                          static_cast<uint32_t>(filter.size())}),
                 floats(vector), filter});
}

inline Buffer snapshot_request(std::string_view folder, std::string_view base) {
  return joined(
      {numbers({10, static_cast<uint32_t>(folder.size()), static_cast<uint32_t>(base.size())}),
       as_bytes(folder), as_bytes(base)});
}

}  // namespace quiver::fuzz
