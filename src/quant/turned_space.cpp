#include "quant/turned_space.h"

#include <algorithm>
#include <cmath>

namespace quiver::quant {
namespace {

/// Memory of this thread for one vector on its way.
float* place_of_this_thread(size_t floats) {
  thread_local std::vector<float> place;
  if (place.size() < floats) place.resize(floats);
  return place.data();
}

}  // namespace

std::optional<TurnedHead> read_head(CodeForm form, ByteReader& reader) {
  const auto head = reader.get<TurnedHead>();
  if (!head || head->form != form || !(head->radius >= 0) || !std::isfinite(head->radius)) {
    return std::nullopt;
  }
  return *head;
}

Buffer TurnedSpace::with_centre(Bytes head) const {
  const Bytes centre = as_bytes(std::span<const float>(centre_));
  Buffer parameters(head.size() + centre.size());
  std::copy(head.begin(), head.end(), parameters.begin());
  std::copy(centre.begin(), centre.end(), parameters.end() - static_cast<ptrdiff_t>(centre.size()));
  return parameters;
}

Buffer TurnedSpace::parameters(CodeForm form) const {
  const TurnedHead head{form, space_.radius(), seed_};
  return with_centre(as_bytes(std::span(&head, 1)));
}

bool TurnedSpace::read_centre(ByteReader& reader) {
  if (reader.remaining() < centre_.size() * sizeof(float)) return false;
  for (float& x : centre_) x = *reader.get<float>();
  return true;
}

const float* TurnedSpace::row(const float* vector, float inv_norm) const {
  float* place = place_of_this_thread(dim());
  space_.place_row(vector, inv_norm, place);
  turn(place);
  return place;
}

const float* TurnedSpace::query(const float* query) const {
  float* place = place_of_this_thread(dim());
  space_.place_query(query, place);
  turn(place);
  return place;
}

const float* TurnedSpace::placed(std::span<const float> place) const {
  float* copy = place_of_this_thread(dim());
  std::copy(place.begin(), place.end(), copy);
  turn(copy);
  return copy;
}

void TurnedSpace::turn(float* place) const {
  for (size_t i = 0; i < centre_.size(); ++i) place[i] -= centre_[i];
  std::fill(place + centre_.size(), place + dim(), 0.0F);
  rotation_.apply(place);
}

}  // namespace quiver::quant
