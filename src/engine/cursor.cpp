#include "engine/cursor.h"

#include <algorithm>
#include <utility>

#include "engine/row_fields.h"

namespace quiver::engine {
namespace {

class ListCursor final : public Cursor {
 public:
  ListCursor(std::shared_ptr<const View> view, std::optional<filter::Filter> filter,
             bool include_vectors)
      : Cursor(std::move(view), include_vectors), filter_(std::move(filter)) {}

 protected:
  Expected<std::vector<Hit>> collect(uint32_t n) override {
    std::vector<Hit> hits;
    while (hits.size() < n) {
      const auto hit = advance();
      if (!hit) break;
      const auto passes = this->passes(*hit);
      if (!passes) return passes.error();
      if (*passes) hits.push_back(*hit);
    }
    return hits;
  }

 private:
  /// The next item whether it passes or not, or nothing.
  std::optional<Hit> advance() {
    for (; part_ < view().parts.size(); ++part_, row_ = 0) {
      const Part& part = view().parts[part_];
      while (row_ < part.count) {
        const Hit hit{0, part_, row_++};
        if (part.is_live(hit.row)) return hit;
      }
    }
    return std::nullopt;
  }

  Expected<bool> passes(const Hit& hit) {
    if (!filter_) return true;
    if (selected_of_ != hit.part) {
      auto selected = view().parts[hit.part].source->select(*filter_);
      if (!selected) return selected.error();
      selection_ = std::move(*selected);
      selected_of_ = hit.part;
    }
    if (selection_) return selection_->rows.test(hit.row);
    RowFields fields;
    fields.go_to(view().row(hit.part, hit.row));
    const bool passes = filter_->matches(fields);
    if (!fields.read()) return fields.read().error();
    return passes;
  }

  std::optional<filter::Filter> filter_;
  uint32_t part_ = 0;
  uint32_t row_ = 0;
  std::optional<uint32_t> selected_of_;
  /// What the filter takes of that part; null: its rows are asked.
  std::shared_ptr<const index::Selection> selection_;
};

class RankedCursor final : public Cursor {
 public:
  RankedCursor(std::shared_ptr<const View> view, std::vector<float> query,
               const QueryOptions& options, std::optional<filter::Filter> filter, uint64_t limit,
               bool include_vectors)
      : Cursor(view, include_vectors),
        rows_(std::move(view), std::move(query), options, std::move(filter)),
        left_(limit) {}

 protected:
  Expected<std::vector<Hit>> collect(uint32_t n) override {
    auto hits = rows_.next(static_cast<uint32_t>(std::min<uint64_t>(n, left_)));
    if (hits) left_ -= hits->size();
    return hits;
  }

 private:
  RankedRows rows_;
  uint64_t left_;
};

}  // namespace

Expected<Buffer> Cursor::next(uint32_t n) {
  const std::lock_guard lock(mutex_);
  const auto hits = collect(n);
  if (!hits) return hits.error();
  ByteWriter writer;
  auto appended = append_result_block(*view_, *hits, include_vectors_, writer);
  if (!appended) return appended.error();
  return writer.take();
}

std::shared_ptr<Cursor> list_cursor(std::shared_ptr<const View> view,
                                    std::optional<filter::Filter> filter, bool include_vectors) {
  return std::make_shared<ListCursor>(std::move(view), std::move(filter), include_vectors);
}

std::shared_ptr<Cursor> ranked_cursor(std::shared_ptr<const View> view, std::vector<float> query,
                                      const QueryOptions& options,
                                      std::optional<filter::Filter> filter, uint64_t limit,
                                      bool include_vectors) {
  return std::make_shared<RankedCursor>(std::move(view), std::move(query), options,
                                        std::move(filter), limit, include_vectors);
}

}  // namespace quiver::engine
