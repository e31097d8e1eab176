#include "engine/state.h"

#include <algorithm>

namespace quiver::engine {

void Draft::remove(View::Place place) {
  Part& part = state_.view.parts[place.part];
  std::shared_ptr<Bitmap>& own = owned_[place.part];
  if (!own) {
    own = part.deleted ? std::make_shared<Bitmap>(*part.deleted) : std::make_shared<Bitmap>();
    part.deleted = own;
  }
  if (place.row >= own->size()) own->grow(std::max<size_t>(part.count, own->size() * 2));
  own->set(place.row);
  ++part.deleted_count;
}

void Draft::append(Metric metric, std::string_view id, Bytes metadata, const float* vector) {
  if (!state_.head || state_.head->full()) {
    if (state_.head) {
      // Full in the middle of a log file: that file stays until the rows after it are sealed too.
      state_.parts.back().log_after = state_.first_log;
      state_.parts.back().sequence_after = state_.first_sequence;
    }
    state_.head = std::make_shared<Head>(metric, state_.view.dim);
    state_.view.parts.push_back({state_.head, 0, 0, nullptr});
    state_.parts.emplace_back();
    owned_.emplace_back();
  }
  state_.head->append(id, metadata, vector);
  ++state_.view.parts.back().count;
}

State Draft::finish(uint64_t records) {
  state_.next_sequence += records;
  ++state_.view.version;
  return std::move(state_);
}

}  // namespace quiver::engine
