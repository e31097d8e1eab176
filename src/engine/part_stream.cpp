#include "engine/part_stream.h"

#include <algorithm>

#include "engine/part_rules.h"

namespace quiver::engine {

/// A heap by it has the nearest row in front.
auto PartStream::farther() const {
  return [this](const index::Neighbor& a, const index::Neighbor& b) {
    if (a.distance != b.distance) return a.distance > b.distance;
    return a.row != b.row && id_before({all_.source.get(), b.row}, {all_.source.get(), a.row});
  };
}

Expected<const index::Neighbor*> PartStream::top(uint32_t more) {
  for (;;) {
    // In a damaged file a walk may meet a row twice.
    while (!found_.empty() && !rest_.is_live(found_.front().row)) pop_front();
    const bool is_enough = state_ != State::kWalking || taken_ < walked_;
    if (!found_.empty() && is_enough) return &found_.front();
    if (state_ == State::kDone) return nullptr;
    if (auto found = find(more); !found) return found.error();
  }
}

void PartStream::pop_front() {
  std::pop_heap(found_.begin(), found_.end(), farther());
  found_.pop_back();
}

void PartStream::pop() {
  if (!gone_) {
    gone_ = rest_.deleted ? std::make_shared<Bitmap>(*rest_.deleted) : std::make_shared<Bitmap>();
    gone_->grow(rest_.count);
    rest_.deleted = gone_;
  }
  gone_->set(found_.front().row);
  ++rest_.deleted_count;
  ++taken_;
  pop_front();
}

Expected<void> PartStream::find(uint32_t more) {
  if (state_ == State::kNew) {
    if (options_.filter != nullptr) {
      auto selected = all_.source->select(*options_.filter);
      if (!selected) return selected.error();
      selection_ = std::move(*selected);
    }
    state_ = options_.exact ? State::kScanning : State::kWalking;
  }
  if (state_ == State::kWalking) {
    const auto walked = walk(more);
    if (!walked) return walked.error();
    if (*walked) return {};
    // What is not taken is found again.
    state_ = State::kScanning;
    cursor_ = {};
    std::vector<index::Neighbor>().swap(found_);
  }
  return scan(more);
}

index::SearchRequest PartStream::request(uint32_t k) const {
  index::SearchRequest request;
  request.query = query_;
  request.k = k;
  const uint32_t ef =
      options_.ef != 0 ? options_.ef : all_.source->ef_for(options_.target_recall, k);
  // No more can be met: so much memory no search asks for.
  request.ef = std::max(std::min(ef, all_.count), k);
  request.selection = selection_.get();
  return request;
}

/// Whether that was the way.
Expected<bool> PartStream::walk(uint32_t more) {
  // At least an eighth more: to go on with a walk costs something too.
  const uint64_t wanted = uint64_t{walked_} + std::max(more, walked_ / 8);
  const auto k = static_cast<uint32_t>(std::min<uint64_t>(wanted, all_.live()));
  if (k == walked_) return false;
  const PartRules rules(all_, options_.filter, selection_.get());
  index::SearchRequest request = this->request(k);
  request.rules = &rules;
  request.allows_all = options_.filter == nullptr && all_.deleted_count == 0;
  const size_t before = found_.size();
  const bool walked = all_.source->search_on(cursor_, request, found_);
  if (!rules.read()) return rules.read().error();
  if (!walked) return false;
  walked_ = k;
  for (size_t end = before + 1; end <= found_.size(); ++end) {
    std::push_heap(found_.begin(), found_.begin() + static_cast<ptrdiff_t>(end), farther());
  }
  return true;
}

Expected<void> PartStream::scan(uint32_t more) {
  const uint64_t wanted = std::max<uint64_t>(more, uint64_t{taken_} * 3);
  const auto k = static_cast<uint32_t>(std::min<uint64_t>(wanted, rest_.live()));
  const bool is_none = selection_ != nullptr && selection_->count <= taken_;
  if (k == 0 || is_none) {
    state_ = State::kDone;
    return {};
  }
  const PartRules rules(rest_, options_.filter, selection_.get());
  index::SearchRequest request = this->request(k);
  request.rules = &rules;
  request.allows_all = options_.filter == nullptr && rest_.deleted_count == 0;
  request.may_walk = false;
  all_.source->search(request, all_.count, options_.exact, found_);
  if (!rules.read()) return rules.read().error();
  std::make_heap(found_.begin(), found_.end(), farther());
  if (found_.size() < k) state_ = State::kDone;
  return {};
}

}  // namespace quiver::engine
