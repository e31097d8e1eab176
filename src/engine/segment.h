#pragma once

#include <memory>
#include <optional>
#include <span>

#include "base/expected.h"
#include "engine/row_source.h"
#include "index/flat/flat_index.h"
#include "index/graph/graph_index.h"
#include "store/segment_file.h"
#include "store/vfs.h"

namespace quiver::engine {

/// An immutable file of rows with their graph (docs/format.md). Everything that a reader relies on
/// is checked once by open().
class Segment final : public RowSource {
 public:
  /// A row to be written; borrowed memory.
  struct Row {
    std::string_view id;
    Bytes metadata;
    const float* vector;
    float inv_norm;
  };

  /// Writes the segment file `name`. `graph` may be null: then searches are exact.
  static Expected<void> write(store::Vfs& vfs, std::string_view name, Metric metric, uint32_t dim,
                              std::span<const Row> rows, const index::GraphData* graph);

  /// CORRUPT_FILE, MISSING_FILE or UNSUPPORTED_FORMAT name the file.
  static Expected<std::shared_ptr<const Segment>> open(store::Vfs& vfs, std::string_view name,
                                                       Metric metric, uint32_t dim);

  [[nodiscard]] uint32_t rows() const { return rows_; }
  [[nodiscard]] bool has_graph() const { return graph_ != nullptr; }

  [[nodiscard]] std::string_view id(uint32_t row) const override;
  [[nodiscard]] Bytes metadata(uint32_t row) const override;
  [[nodiscard]] const float* vector(uint32_t row) const override;
  [[nodiscard]] float inv_norm(uint32_t row) const override;
  [[nodiscard]] std::optional<uint32_t> find(std::string_view id, uint32_t count,
                                             const Bitmap* deleted) const override;
  void search(const index::SearchRequest& request, uint32_t count, bool exact,
              std::vector<index::Neighbor>& out) const override;
  [[nodiscard]] std::vector<index::VectorBlock> blocks(uint32_t count) const override;
  [[nodiscard]] uint64_t bytes() const override { return bytes_; }

  /// How many rows a walk cannot reach: 0 in a sound graph.
  [[nodiscard]] size_t unreachable() const;

 private:
  Segment() = default;
  Expected<void> map(store::Vfs& vfs, std::string_view name, Metric metric, uint32_t dim);

  std::unique_ptr<store::SegmentFile> file_;
  uint32_t rows_ = 0;
  uint32_t dim_ = 0;
  uint64_t bytes_ = 0;
  const float* vectors_ = nullptr;
  const float* inv_norms_ = nullptr;
  std::span<const uint64_t> id_ends_;
  Bytes ids_;
  std::span<const uint64_t> metadata_ends_;
  Bytes metadata_;
  std::span<const uint32_t> id_table_;
  index::GraphView layout_;
  std::unique_ptr<index::FlatIndex> flat_;
  std::unique_ptr<index::GraphIndex> graph_;
};

}  // namespace quiver::engine
