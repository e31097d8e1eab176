#include "engine/head.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/msgpack.h"
#include "index/flat/flat_index.h"
#include "kernel/dispatch.h"

namespace quiver::engine {
namespace {

/// About 1 MB of vectors a chunk, so that a small index of long vectors stays small.
uint32_t rows_per_chunk(uint32_t dim) {
  return std::clamp<uint32_t>(std::bit_floor(262144U / std::max(dim, 1U)), 16, 1024);
}

}  // namespace

Head::Head(Metric metric, uint32_t dim)
    : metric_(metric), dim_(dim), chunk_rows_(rows_per_chunk(dim)), chunks_(kMaxChunks) {}

Bytes Head::keep(Bytes bytes) {
  constexpr size_t kBlock = size_t{1} << 18;
  if (text_size_ - text_used_ < bytes.size()) {
    text_size_ = std::max(kBlock, bytes.size());
    text_used_ = 0;
    texts_.push_back(std::make_unique<uint8_t[]>(text_size_));
    bytes_ += text_size_;
  }
  uint8_t* target = texts_.back().get() + text_used_;
  if (!bytes.empty()) std::memcpy(target, bytes.data(), bytes.size());
  text_used_ += bytes.size();
  return {target, bytes.size()};
}

uint32_t Head::append(std::string_view id, Bytes metadata, const float* vector) {
  const uint32_t place = rows_ % chunk_rows_;
  Chunk& chunk = chunks_[rows_ / chunk_rows_];
  if (place == 0) {
    // Not zeroed: pages that no row needs yet cost nothing.
    chunk.vectors.reset(new float[size_t{chunk_rows_} * dim_]);
    chunk.rows = std::make_unique<Row[]>(chunk_rows_);
    if (metric_ == Metric::kCosine) chunk.inv_norms.reset(new float[chunk_rows_]);
    bytes_ += chunk_rows_ * (size_t{dim_} * sizeof(float) + sizeof(Row));
  }
  if (dim_ > 0) {
    std::memcpy(&chunk.vectors[size_t{place} * dim_], vector, dim_ * sizeof(float));
  }
  if (chunk.inv_norms) chunk.inv_norms[place] = kernel::inverse_norm(vector, dim_);
  const std::string_view kept_id = as_text(keep(as_bytes(id)));
  Row& row = chunk.rows[place];
  row = Row{kept_id, keep(metadata), kNone};
  {
    const std::unique_lock lock(mutex_);
    const auto [entry, is_new] = newest_.try_emplace(kept_id, rows_);
    if (!is_new) row.previous = std::exchange(entry->second, rows_);
  }
  return rows_++;
}

Expected<std::string_view> Head::id(uint32_t row, std::string& /*scratch*/) const {
  return this->row(row).id;
}

Expected<Bytes> Head::metadata(uint32_t row, column::Scratch& /*scratch*/) const {
  return this->row(row).metadata;
}

Expected<std::optional<Bytes>> Head::field(uint32_t row, std::string_view key,
                                           column::Scratch& /*scratch*/) const {
  const auto value = msgpack::Value(this->row(row).metadata).find(key);
  return value ? std::optional<Bytes>(value->bytes()) : std::nullopt;
}

const float* Head::vector(uint32_t row) const {
  return &chunks_[row / chunk_rows_].vectors[size_t{row % chunk_rows_} * dim_];
}

float Head::inv_norm(uint32_t row) const {
  const Chunk& chunk = chunks_[row / chunk_rows_];
  return chunk.inv_norms ? chunk.inv_norms[row % chunk_rows_] : 1.0F;
}

std::optional<uint32_t> Head::find(std::string_view id, uint32_t count,
                                   const Bitmap* deleted) const {
  const std::shared_lock lock(mutex_);
  const auto entry = newest_.find(id);
  if (entry == newest_.end()) return std::nullopt;
  for (uint32_t row = entry->second; row != kNone; row = this->row(row).previous) {
    if (row < count && (deleted == nullptr || !deleted->test(row))) return row;
  }
  return std::nullopt;
}

std::vector<index::VectorBlock> Head::blocks(uint32_t count) const {
  std::vector<index::VectorBlock> blocks;
  for (uint32_t first = 0; first < count; first += chunk_rows_) {
    const Chunk& chunk = chunks_[first / chunk_rows_];
    blocks.push_back(
        {chunk.vectors.get(), chunk.inv_norms.get(), first, std::min(chunk_rows_, count - first)});
  }
  return blocks;
}

index::Way Head::search(const index::SearchRequest& request, uint32_t count, bool /*exact*/,
                        std::vector<index::Neighbor>& out) const {
  if (request.trace != nullptr)
    request.trace->why = "rows that are in no segment yet have no graph";
  return index::FlatIndex(metric_, dim_, blocks(count)).search(request, out);
}

}  // namespace quiver::engine
