#include "engine/result_block.h"

#include <cmath>
#include <string>
#include <vector>

#include "kernel/metric.h"

namespace quiver::engine {

Expected<void> append_result_block(const View& view, std::span<const Hit> hits,
                                   bool include_vectors, ByteWriter& out) {
  // Texts may have to be put together: once, and then they are copied to their places.
  ByteWriter ids;
  ByteWriter metadata;
  std::vector<uint32_t> id_sizes;
  std::vector<uint32_t> metadata_sizes;
  id_sizes.reserve(hits.size());
  metadata_sizes.reserve(hits.size());
  std::string id_scratch;
  column::Scratch metadata_scratch;
  for (const Hit& hit : hits) {
    const RowRef row = view.row(hit.part, hit.row);
    const auto id = row.source->id(row.row, id_scratch);
    if (!id) return id.error();
    const auto map = row.source->metadata(row.row, metadata_scratch);
    if (!map) return map.error();
    ids.put_text(*id);
    metadata.put_bytes(*map);
    id_sizes.push_back(static_cast<uint32_t>(id->size()));
    metadata_sizes.push_back(static_cast<uint32_t>(map->size()));
  }
  const auto vector_of = [&view](const Hit& hit) {
    return view.parts[hit.part].source->vector(hit.row);
  };
  const uint32_t dim = include_vectors ? view.dim : 0;
  out.buffer().reserve(out.size() + 32 + hits.size() * (20 + size_t{dim} * sizeof(float)) +
                       ids.size() + metadata.size());
  out.put<uint32_t>(static_cast<uint32_t>(hits.size()));
  out.put<uint32_t>(dim);
  out.put<uint32_t>(static_cast<uint32_t>(ids.size()));
  out.put<uint32_t>(static_cast<uint32_t>(metadata.size()));
  for (const Hit& hit : hits) {
    const float* vector = vector_of(hit);
    double sum = 0;
    for (uint32_t i = 0; i < view.dim; ++i) sum += static_cast<double>(vector[i]) * vector[i];
    out.put<double>(std::sqrt(sum));
  }
  for (const Hit& hit : hits) out.put<float>(score_of(hit.distance));
  out.put_bytes(as_bytes(std::span<const uint32_t>(id_sizes)));
  out.put_bytes(as_bytes(std::span<const uint32_t>(metadata_sizes)));
  if (dim != 0) {
    for (const Hit& hit : hits) {
      out.put_bytes(as_bytes(std::span<const float>(vector_of(hit), dim)));
    }
  }
  out.put_bytes(ids.buffer());
  out.put_bytes(metadata.buffer());
  out.align(8);
  return {};
}

}  // namespace quiver::engine
