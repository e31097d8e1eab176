#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/expected.h"
#include "base/lru_cache.h"
#include "column/ids.h"
#include "column/metadata.h"
#include "engine/indexed_fields.h"
#include "engine/row_source.h"
#include "index/flat/flat_index.h"
#include "index/graph/calibration.h"
#include "index/graph/graph_index.h"
#include "quant/choose.h"
#include "quant/coded_rows.h"
#include "store/segment_file.h"
#include "store/vfs.h"

namespace quiver::engine {

/// By segment and filter.
using SelectionCache = LruCache<std::string, std::shared_ptr<const index::Selection>>;

/// Where segments are kept while they are open.
struct SegmentMemory {
  /// For blocks that are decompressed.
  std::shared_ptr<column::BlockCache> cache;
  /// For what filters take; null: that is found out each time.
  std::shared_ptr<SelectionCache> selections = nullptr;
  /// Segments of fewer rows are read into memory, others are mapped.
  uint64_t map_from_rows = 0;
  /// Fields that filters are answered for by columns; null: all are.
  std::shared_ptr<const IndexedFields> indexed = nullptr;
};

/// What the rows of a segment are found by.
struct Walkable {
  quant::Choice choice;
  index::GraphData graph;
  /// Of each node of the graph, in an order of their own; null: walks read the vectors.
  std::unique_ptr<quant::CodedRows> codes;
  index::Calibration calibration;
  std::vector<uint32_t> node_rows;  ///< the row of each node; empty without codes: nodes are rows
};

/// An immutable file of rows with their graph (docs/format.md), read where it lies: opening it
/// checks what leads to the rows, and everything else is checked for its bounds when it is used.
/// Only verify() reads it all.
class Segment final : public RowSource {
 public:
  [[nodiscard]] const Segment* as_segment() const override { return this; }

  /// Writes the segment file `name` with these rows and no graph: searches are exact. `first_log`:
  /// log files of smaller numbers hold nothing that is not in this segment or in older ones. Ids
  /// and metadata are read several times.
  static Expected<void> write(store::Vfs& vfs, std::string_view name, Metric metric, uint32_t dim,
                              std::span<const RowRef> rows, uint64_t first_log);

  /// CORRUPT_FILE, MISSING_FILE or UNSUPPORTED_FORMAT name the file.
  static Expected<std::shared_ptr<const Segment>> open(store::Vfs& vfs, std::string_view name,
                                                       Metric metric, uint32_t dim,
                                                       const SegmentMemory& memory);

  [[nodiscard]] uint32_t rows() const { return rows_; }
  [[nodiscard]] bool has_graph() const { return graph_ != nullptr; }
  /// What its graph was built with; 0 without a graph, or if that is not known.
  [[nodiscard]] uint32_t ef_construction() const {
    return has_graph() ? graph_->graph().ef_construction : 0;
  }
  [[nodiscard]] const index::Calibration& calibration() const { return calibration_; }
  /// How its vectors are quantised; the codec is null where they are not.
  [[nodiscard]] const quant::Choice& codes() const { return choice_; }

  Expected<std::string_view> id(uint32_t row, std::string& scratch) const override;
  Expected<Bytes> metadata(uint32_t row, column::Scratch& scratch) const override;
  Expected<std::optional<Bytes>> field(uint32_t row, std::string_view key,
                                       column::Scratch& scratch) const override;
  [[nodiscard]] const float* vector(uint32_t row) const override;
  [[nodiscard]] float inv_norm(uint32_t row) const override;
  [[nodiscard]] std::optional<uint32_t> find(std::string_view id, uint32_t count,
                                             const Bitmap* deleted) const override;
  [[nodiscard]] Expected<Selected> select_how(const filter::Filter& filter) const override;
  [[nodiscard]] bool remembers(const filter::Filter& filter) const override;
  index::Way search(const index::SearchRequest& request, uint32_t count, bool exact,
                    std::vector<index::Neighbor>& out) const override;
  bool search_on(index::GraphCursor& cursor, const index::SearchRequest& request,
                 std::vector<index::Neighbor>& out) const override;
  [[nodiscard]] uint32_t ef_for(float target_recall, uint32_t k) const override {
    return calibration_.ef_for(target_recall, k);
  }
  [[nodiscard]] std::vector<index::VectorBlock> blocks(uint32_t count) const override;
  [[nodiscard]] const index::GraphView* graph() const override {
    return has_graph() ? &graph_->graph() : nullptr;
  }
  [[nodiscard]] std::span<const uint32_t> node_rows() const override {
    return has_graph() ? graph_->node_rows() : std::span<const uint32_t>();
  }
  void prefetch_places(uint32_t row) const override {
    ids_.prefetch_place(row);
    metadata_.prefetch_place(row);
  }
  void prefetch_texts(uint32_t row) const override {
    ids_.prefetch(row);
    metadata_.prefetch(row);
  }
  void note_use() const override { last_use_ = std::chrono::steady_clock::now(); }
  [[nodiscard]] const store::SegmentFile* file() const override { return file_.get(); }
  /// Every checksum, and that a walk finds every row of the graph.
  [[nodiscard]] Expected<void> verify() const override;
  [[nodiscard]] uint64_t bytes() const override { return file_->size(); }

  /// The file's content, to ask of its memory.
  [[nodiscard]] const store::FileBytes& content() const { return file_->content(); }
  /// When it was last searched or listed.
  [[nodiscard]] std::chrono::steady_clock::time_point last_use() const { return last_use_; }

 private:
  Segment() = default;
  [[nodiscard]] std::string selection_key(const filter::Filter& filter) const;
  [[nodiscard]] index::SearchRequest with_code(const index::SearchRequest& request) const;
  Expected<void> map(Metric metric, uint32_t dim, uint64_t map_from_rows);
  Expected<void> map_codes(Metric metric, index::GraphView& graph, index::CodeBlock& codes,
                           std::span<const uint32_t>& node_rows);
  [[nodiscard]] Error corrupt(std::string_view what) const;
  [[nodiscard]] Error in_this_file(Error error) const;

  std::unique_ptr<store::SegmentFile> file_;
  std::shared_ptr<column::BlockCache> cache_;
  std::shared_ptr<SelectionCache> selections_;
  std::shared_ptr<const IndexedFields> indexed_;
  uint32_t owner_ = 0;  // its number in the caches
  uint32_t rows_ = 0;
  uint32_t dim_ = 0;
  const float* vectors_ = nullptr;
  const float* inv_norms_ = nullptr;
  column::Ids ids_;
  column::Metadata metadata_;
  quant::Choice choice_;
  index::Calibration calibration_;
  std::unique_ptr<index::FlatIndex> flat_;
  std::unique_ptr<index::GraphIndex> graph_;
  mutable std::atomic<std::chrono::steady_clock::time_point> last_use_{
      std::chrono::steady_clock::now()};
};

}  // namespace quiver::engine
