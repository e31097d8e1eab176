#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bitmap.h"
#include "engine/row_source.h"

namespace quiver::engine {

/// Some rows of a view: the first `count` of `source`, less those in `deleted` (null: none).
struct Part {
  std::shared_ptr<const RowSource> source;
  uint32_t count = 0;
  uint32_t deleted_count = 0;
  std::shared_ptr<const Bitmap> deleted;

  [[nodiscard]] uint32_t live() const { return count - deleted_count; }
  [[nodiscard]] bool is_live(uint32_t row) const {
    return row < count && (deleted == nullptr || !deleted->test(row));
  }
  [[nodiscard]] std::optional<uint32_t> find(std::string_view id) const {
    return source->find(id, count, deleted.get());
  }
};

/// An immutable picture of the collection, oldest rows first. What a query runs on.
struct View {
  std::vector<Part> parts;
  uint32_t dim = 0;      ///< 0 until the first vector
  uint64_t version = 0;  ///< grows with each commit

  struct Place {
    size_t part;
    uint32_t row;
  };

  /// Where the item of this id is; the newest parts are looked at first.
  [[nodiscard]] std::optional<Place> find(std::string_view id) const {
    for (size_t part = parts.size(); part-- > 0;) {
      if (const auto row = parts[part].find(id)) return Place{part, *row};
    }
    return std::nullopt;
  }

  [[nodiscard]] RowRef row(size_t part, uint32_t row) const {
    return {parts[part].source.get(), row};
  }

  /// Whether what each part says of the filter is known without reading columns.
  [[nodiscard]] bool remembers(const filter::Filter& filter) const {
    return std::all_of(parts.begin(), parts.end(),
                       [&](const Part& part) { return part.source->remembers(filter); });
  }

  [[nodiscard]] uint64_t live() const {
    uint64_t sum = 0;
    for (const Part& part : parts) sum += part.live();
    return sum;
  }
};

}  // namespace quiver::engine
