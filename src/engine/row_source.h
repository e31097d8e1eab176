#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "base/bytes.h"
#include "base/expected.h"
#include "column/metadata.h"
#include "filter/filter.h"
#include "index/graph/graph_cursor.h"
#include "index/graph/graph_layout.h"
#include "index/index.h"
#include "store/segment_file.h"

namespace quiver::engine {

class Segment;

/// Rows that can be read one by one, wherever they are.
///
/// What lies in a file may not be sound: then CORRUPT_FILE names it. What a method returns is valid
/// until its scratch memory is used again.
class Rows {
 public:
  virtual ~Rows() = default;

  virtual Expected<std::string_view> id(uint32_t row, std::string& scratch) const = 0;
  /// A msgpack map.
  virtual Expected<Bytes> metadata(uint32_t row, column::Scratch& scratch) const = 0;
  /// The encoded value under `key` in that map.
  virtual Expected<std::optional<Bytes>> field(uint32_t row, std::string_view key,
                                               column::Scratch& scratch) const = 0;
  [[nodiscard]] virtual const float* vector(uint32_t row) const = 0;
  /// 1/‖v‖ (0: zero vector); 1 unless cosine.
  [[nodiscard]] virtual float inv_norm(uint32_t row) const = 0;
};

/// What a source can say of all its rows at once about a filter.
struct Selected {
  /// How that came about.
  enum class By : uint8_t {
    kNoColumns,  ///< rows in memory are asked one by one
    kNoIndex,    ///< so are those whose fields are not indexed
    kFirstTime,  ///< its columns take long to read: so are these, until the filter comes again
    kColumns,    ///< column by column
    kMemory,     ///< from when it was last asked
  };

  /// Null: that is to be asked row by row.
  std::shared_ptr<const index::Selection> rows;
  By by = By::kNoColumns;
  filter::Indexed indexed;  ///< how much of the filter `rows` is of; borrows the filter

  /// Whether the rows are those that the filter takes, and not only some conditions of it.
  [[nodiscard]] bool is_whole() const {
    return rows != nullptr && indexed.share == filter::Indexed::Share::kAll;
  }
};

/// Rows in memory or in a segment file that can be searched. What is published in a view never
/// changes, so readers need no lock; which rows are deleted is the view's business.
class RowSource : public Rows {
 public:
  /// Null: it is a head.
  [[nodiscard]] virtual const Segment* as_segment() const { return nullptr; }

  /// The row of `id` among the first `count` rows that is not in `deleted` (null: none is).
  [[nodiscard]] virtual std::optional<uint32_t> find(std::string_view id, uint32_t count,
                                                     const Bitmap* deleted) const = 0;

  /// The rows that a filter takes, deleted ones among them, and how that is known. CORRUPT_FILE if
  /// what has to be read is not sound.
  [[nodiscard]] virtual Expected<Selected> select_how(const filter::Filter& /*filter*/) const {
    return Selected{};
  }
  /// Whether select_how() is quick because nothing has to be read for it.
  [[nodiscard]] virtual bool remembers(const filter::Filter& /*filter*/) const { return true; }
  /// The rows alone; null too where they are only known by some of its conditions.
  [[nodiscard]] Expected<std::shared_ptr<const index::Selection>> select(
      const filter::Filter& filter) const {
    auto selected = select_how(filter);
    if (!selected) return selected.error();
    if (!selected->is_whole()) return std::shared_ptr<const index::Selection>();
    return std::move(selected->rows);
  }

  /// Searches the first `count` rows; returns how.
  virtual index::Way search(const index::SearchRequest& request, uint32_t count, bool exact,
                            std::vector<index::Neighbor>& out) const = 0;

  /// Goes on with a search of the graph over all rows, as index::GraphIndex::search_on; false where
  /// there is none.
  virtual bool search_on(index::GraphCursor& /*cursor*/, const index::SearchRequest& /*request*/,
                         std::vector<index::Neighbor>& /*out*/) const {
    return false;
  }

  /// How many candidates a search must keep to find a share `target_recall` of the k nearest.
  [[nodiscard]] virtual uint32_t ef_for(float /*target_recall*/, uint32_t k) const { return k; }

  /// The vectors of the first `count` rows.
  [[nodiscard]] virtual std::vector<index::VectorBlock> blocks(uint32_t count) const = 0;

  /// The graph over all rows; null if there is none.
  [[nodiscard]] virtual const index::GraphView* graph() const { return nullptr; }

  /// The row of each row of the graph; empty: the same.
  [[nodiscard]] virtual std::span<const uint32_t> node_rows() const { return {}; }

  /// Asks for what leads to the row's id and metadata, and then for these, before they are read:
  /// what is asked for of several rows comes at once.
  virtual void prefetch_places(uint32_t /*row*/) const {}
  virtual void prefetch_texts(uint32_t /*row*/) const {}

  /// Says that rows were read one by one: what is used stays in memory longest.
  virtual void note_use() const {}

  /// What the rows are read from; null: from memory.
  [[nodiscard]] virtual const store::SegmentFile* file() const { return nullptr; }

  /// Whether everything is as it was written; reads it all.
  [[nodiscard]] virtual Expected<void> verify() const = 0;

  /// Bytes of memory or of the mapped file.
  [[nodiscard]] virtual uint64_t bytes() const = 0;
};

/// A row, and where it is.
struct RowRef {
  const Rows* source = nullptr;
  uint32_t row = 0;
};

/// Whether a's id comes before b's; an id that is not sound counts as empty.
bool id_before(const RowRef& a, const RowRef& b);

/// Whether all numbers of a vector are finite, as those of every item are.
bool is_finite(const float* vector, uint32_t dim);

}  // namespace quiver::engine
