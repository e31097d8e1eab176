#include "engine/result_block.h"

#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "kernel/metric.h"

namespace quiver::engine {
namespace {

/// ‖v‖. One sum would wait for itself at each element, which takes longer than reading them.
double norm_of(std::span<const float> vector) {
  std::array<double, 8> sums{};
  size_t i = 0;
  for (; i + sums.size() <= vector.size(); i += sums.size()) {
    for (size_t j = 0; j < sums.size(); ++j) {
      const double x = vector[i + j];
      sums[j] += x * x;
    }
  }
  for (; i < vector.size(); ++i) sums[0] += static_cast<double>(vector[i]) * vector[i];
  return std::sqrt(((sums[0] + sums[1]) + (sums[2] + sums[3])) +
                   ((sums[4] + sums[5]) + (sums[6] + sums[7])));
}

/// An array of a block, which is filled in while what follows it is appended.
template <typename T>
class Column {
 public:
  /// Behind what `out` holds.
  Column(ByteWriter& out, size_t count) : out_(out), at_(out.size()) {
    out.buffer().resize(at_ + count * sizeof(T));
  }

  void set(size_t i, T value) {
    std::memcpy(&out_.buffer()[at_ + i * sizeof(T)], &value, sizeof(T));
  }

 private:
  ByteWriter& out_;
  size_t at_;
};

Expected<void> append(const View& view, std::span<const Hit> hits, bool include_vectors,
                      ByteWriter& out) {
  constexpr size_t kUsualTexts = 128;  // bytes of an id and metadata
  const uint32_t dim = include_vectors ? view.dim : 0;
  const size_t numbers = 24 + size_t{dim} * sizeof(float);  // bytes of a hit
  out.buffer().reserve(out.size() + 16 + hits.size() * (numbers + kUsualTexts));
  out.put<uint32_t>(static_cast<uint32_t>(hits.size()));
  out.put<uint32_t>(dim);
  Column<uint64_t> text_bytes(out, 1);
  Column<double> norms(out, hits.size());
  Column<float> scores(out, hits.size());
  Column<uint32_t> id_sizes(out, hits.size());
  Column<uint32_t> metadata_sizes(out, hits.size());
  const RowSource* noted = nullptr;
  for (size_t i = 0; i < hits.size(); ++i) {
    const RowSource* source = view.parts[hits[i].part].source.get();
    if (std::exchange(noted, source) != source) source->note_use();
    source->prefetch_places(hits[i].row);
    const RowRef row{source, hits[i].row};
    const std::span<const float> vector(row.source->vector(row.row), view.dim);
    norms.set(i, norm_of(vector));
    scores.set(i, score_of(hits[i].distance));
    if (include_vectors) out.put_bytes(as_bytes(vector));
  }
  for (const Hit& hit : hits) view.parts[hit.part].source->prefetch_texts(hit.row);
  const size_t texts = out.size();
  std::string id_scratch;
  column::Scratch metadata_scratch;
  for (size_t i = 0; i < hits.size(); ++i) {
    const RowRef row = view.row(hits[i].part, hits[i].row);
    const auto id = row.source->id(row.row, id_scratch);
    if (!id) return id.error();
    const auto map = row.source->metadata(row.row, metadata_scratch);
    if (!map) return map.error();
    out.put_text(*id);
    out.put_bytes(*map);
    id_sizes.set(i, static_cast<uint32_t>(id->size()));
    metadata_sizes.set(i, static_cast<uint32_t>(map->size()));
  }
  text_bytes.set(0, out.size() - texts);
  out.align(8);
  return {};
}

}  // namespace

Expected<void> append_result_block(const View& view, std::span<const Hit> hits,
                                   bool include_vectors, ByteWriter& out) {
  const size_t before = out.size();
  auto appended = append(view, hits, include_vectors, out);
  if (!appended) out.buffer().resize(before);
  return appended;
}

}  // namespace quiver::engine
