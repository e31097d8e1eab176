#include "engine/result_block.h"

#include <cmath>

#include "kernel/metric.h"

namespace quiver::engine {

void append_result_block(const View& view, std::span<const Hit> hits, bool include_vectors,
                         ByteWriter& out) {
  const auto source = [&view](const Hit& hit) -> const RowSource& {
    return *view.parts[hit.part].source;
  };
  uint32_t id_bytes = 0;
  uint32_t metadata_bytes = 0;
  for (const Hit& hit : hits) {
    id_bytes += static_cast<uint32_t>(source(hit).id(hit.row).size());
    metadata_bytes += static_cast<uint32_t>(source(hit).metadata(hit.row).size());
  }
  const uint32_t dim = include_vectors ? view.dim : 0;
  out.buffer().reserve(out.size() + 32 + hits.size() * (20 + size_t{dim} * sizeof(float)) +
                       id_bytes + metadata_bytes);
  out.put<uint32_t>(static_cast<uint32_t>(hits.size()));
  out.put<uint32_t>(dim);
  out.put<uint32_t>(id_bytes);
  out.put<uint32_t>(metadata_bytes);
  for (const Hit& hit : hits) {
    const float* vector = source(hit).vector(hit.row);
    double sum = 0;
    for (uint32_t i = 0; i < view.dim; ++i) sum += static_cast<double>(vector[i]) * vector[i];
    out.put<double>(std::sqrt(sum));
  }
  for (const Hit& hit : hits) out.put<float>(score_of(hit.distance));
  for (const Hit& hit : hits) {
    out.put<uint32_t>(static_cast<uint32_t>(source(hit).id(hit.row).size()));
  }
  for (const Hit& hit : hits) {
    out.put<uint32_t>(static_cast<uint32_t>(source(hit).metadata(hit.row).size()));
  }
  if (dim != 0) {
    for (const Hit& hit : hits) {
      out.put_bytes(as_bytes(std::span<const float>(source(hit).vector(hit.row), dim)));
    }
  }
  for (const Hit& hit : hits) out.put_text(source(hit).id(hit.row));
  for (const Hit& hit : hits) out.put_bytes(source(hit).metadata(hit.row));
  out.align(8);
}

}  // namespace quiver::engine
