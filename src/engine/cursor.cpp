#include "engine/cursor.h"

#include <algorithm>
#include <limits>

#include "engine/row_fields.h"
#include "kernel/dispatch.h"

namespace quiver::engine {
namespace {

class ListCursor final : public Cursor {
 public:
  using Cursor::Cursor;

 protected:
  std::optional<Hit> advance() override {
    for (; part_ < view().parts.size(); ++part_, row_ = 0) {
      const Part& part = view().parts[part_];
      while (row_ < part.count) {
        const Hit hit{0, part_, row_++};
        if (part.is_live(hit.row)) return hit;
      }
    }
    return std::nullopt;
  }

 private:
  uint32_t part_ = 0;
  uint32_t row_ = 0;
};

class RankedCursor final : public Cursor {
 private:
  [[nodiscard]] auto worse() const {
    return [this](const Hit& a, const Hit& b) {
      if (a.distance != b.distance) return a.distance > b.distance;
      return id_before(view().row(b.part, b.row), view().row(a.part, a.row));
    };
  }

 public:
  RankedCursor(std::shared_ptr<const View> view, std::optional<filter::Filter> filter,
               bool include_vectors, std::vector<Hit> hits, uint64_t limit)
      : Cursor(std::move(view), std::move(filter), include_vectors, limit), heap_(std::move(hits)) {
    std::make_heap(heap_.begin(), heap_.end(), worse());
  }

 protected:
  std::optional<Hit> advance() override {
    if (heap_.empty()) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), worse());
    const Hit hit = heap_.back();
    heap_.pop_back();
    return hit;
  }

 private:
  std::vector<Hit> heap_;
};

}  // namespace

Expected<std::vector<Hit>> Cursor::collect(uint32_t n) {
  std::vector<Hit> hits;
  while (hits.size() < n && left_ > 0) {
    const auto hit = advance();
    if (!hit) break;
    const auto passes = this->passes(*hit);
    if (!passes) return passes.error();
    if (!*passes) continue;
    hits.push_back(*hit);
    --left_;
  }
  return hits;
}

Expected<bool> Cursor::passes(const Hit& hit) {
  if (!filter_) return true;
  selections_.resize(view_->parts.size());
  auto& selection = selections_[hit.part];
  if (!selection) {
    auto selected = view_->parts[hit.part].source->select(*filter_);
    if (!selected) return selected.error();
    selection = std::move(*selected);
  }
  if (*selection) return (*selection)->rows.test(hit.row);
  RowFields fields;
  fields.go_to(view_->row(hit.part, hit.row));
  const bool passes = filter_->matches(fields);
  if (!fields.read()) return fields.read().error();
  return passes;
}

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
  return std::make_shared<ListCursor>(std::move(view), std::move(filter), include_vectors,
                                      std::numeric_limits<uint64_t>::max());
}

std::shared_ptr<Cursor> ranked_cursor(std::shared_ptr<const View> view, Metric metric,
                                      std::span<const float> query,
                                      std::optional<filter::Filter> filter, uint64_t limit,
                                      float min_score, bool include_vectors) {
  const auto measure = kernel::batch_distance(kernel::active(), metric);
  std::vector<Hit> hits;
  hits.reserve(view->live());
  std::vector<float> distances;
  for (uint32_t i = 0; i < view->parts.size(); ++i) {
    const Part& part = view->parts[i];
    for (const index::VectorBlock& block : part.source->blocks(part.count)) {
      distances.resize(block.rows);
      measure(query.data(), block.vectors, block.inv_norms, nullptr, block.rows, view->dim,
              distances.data());
      for (uint32_t row = 0; row < block.rows; ++row) {
        const Hit hit{distances[row], i, block.first_row + row};
        if (part.is_live(hit.row) && score_of(hit.distance) >= min_score) hits.push_back(hit);
      }
    }
  }
  return std::make_shared<RankedCursor>(std::move(view), std::move(filter), include_vectors,
                                        std::move(hits), limit);
}

}  // namespace quiver::engine
