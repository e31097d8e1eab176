#pragma once

#include <atomic>
#include <memory>
#include <shared_mutex>
#include <unordered_map>

#include "engine/row_source.h"
#include "kernel/metric.h"

namespace quiver::engine {

/// The rows that are not yet in a segment: in memory, covered by the log. Append-only.
///
/// Threads: one writer appends. Readers use the rows of a view, whose publication (under the
/// collection's lock) makes the rows before its count visible; `find` locks, nothing else does.
class Head final : public RowSource {
 public:
  Head(Metric metric, uint32_t dim);

  /// Whether another row fits; a full head must be sealed first.
  [[nodiscard]] bool full() const { return rows_ == kMaxChunks * chunk_rows_; }
  [[nodiscard]] uint32_t rows() const { return rows_; }
  [[nodiscard]] uint32_t dim() const { return dim_; }

  /// Copies an item to the end; returns its row.
  uint32_t append(std::string_view id, Bytes metadata, const float* vector);

  Expected<std::string_view> id(uint32_t row, std::string& scratch) const override;
  Expected<Bytes> metadata(uint32_t row, column::Scratch& scratch) const override;
  Expected<std::optional<Bytes>> field(uint32_t row, std::string_view key,
                                       column::Scratch& scratch) const override;
  [[nodiscard]] const float* vector(uint32_t row) const override;
  [[nodiscard]] float inv_norm(uint32_t row) const override;
  [[nodiscard]] std::optional<uint32_t> find(std::string_view id, uint32_t count,
                                             const Bitmap* deleted) const override;
  index::Way search(const index::SearchRequest& request, uint32_t count, bool exact,
                    std::vector<index::Neighbor>& out) const override;
  [[nodiscard]] std::vector<index::VectorBlock> blocks(uint32_t count) const override;
  [[nodiscard]] Expected<void> verify() const override { return {}; }
  [[nodiscard]] uint64_t bytes() const override { return bytes_; }

 private:
  struct Row {
    std::string_view id;
    Bytes metadata;
    uint32_t previous;  ///< an older row with the same id, or kNone
  };
  struct Chunk {
    std::unique_ptr<float[]> vectors;
    std::unique_ptr<float[]> inv_norms;
    std::unique_ptr<Row[]> rows;
  };

  static constexpr uint32_t kNone = 0xFFFFFFFF;
  // The directory has a fixed size, so that it never moves under a reader.
  static constexpr uint32_t kMaxChunks = 4096;

  [[nodiscard]] const Row& row(uint32_t row) const {
    return chunks_[row / chunk_rows_].rows[row % chunk_rows_];
  }
  Bytes keep(Bytes bytes);

  Metric metric_;
  uint32_t dim_;
  uint32_t chunk_rows_;
  uint32_t rows_ = 0;
  std::atomic<uint64_t> bytes_{0};
  std::vector<Chunk> chunks_;
  std::vector<std::unique_ptr<uint8_t[]>> texts_;  // ids and metadata; blocks that never move
  size_t text_used_ = 0;
  size_t text_size_ = 0;

  mutable std::shared_mutex mutex_;  // guards newest_
  std::unordered_map<std::string_view, uint32_t> newest_;
};

}  // namespace quiver::engine
