#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "base/bytes.h"
#include "index/index.h"

namespace quiver::engine {

/// Rows in memory or in a segment file. What is published in a view never changes, so readers need
/// no lock; which rows are deleted is the view's business.
class RowSource {
 public:
  virtual ~RowSource() = default;

  [[nodiscard]] virtual std::string_view id(uint32_t row) const = 0;
  [[nodiscard]] virtual Bytes metadata(uint32_t row) const = 0;  ///< a msgpack map
  [[nodiscard]] virtual const float* vector(uint32_t row) const = 0;
  [[nodiscard]] virtual float inv_norm(
      uint32_t row) const = 0;  ///< 1/‖v‖ (0: zero vector); 1 unless cosine

  /// The row of `id` among the first `count` rows that is not in `deleted` (null: none is).
  [[nodiscard]] virtual std::optional<uint32_t> find(std::string_view id, uint32_t count,
                                                     const Bitmap* deleted) const = 0;

  /// Searches the first `count` rows.
  virtual void search(const index::SearchRequest& request, uint32_t count, bool exact,
                      std::vector<index::Neighbor>& out) const = 0;

  /// The vectors of the first `count` rows.
  [[nodiscard]] virtual std::vector<index::VectorBlock> blocks(uint32_t count) const = 0;

  /// Bytes of memory or of the mapped file.
  [[nodiscard]] virtual uint64_t bytes() const = 0;
};

}  // namespace quiver::engine
