#include "quant/binary_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "quant/code_form.h"
#include "quant/placed_sample.h"

namespace quiver::quant {
namespace {

using kernel::kLevelsAtOnce;
using kernel::kSignsAtOnce;
using kernel::SignsEnd;
using kernel::SignsQuery;

/// The highest level of a query's coordinate; the lowest is its opposite, so that levels are
/// rounded alike on both sides.
constexpr float kTopLevel = 7;
constexpr size_t kPlanes = 4;

size_t bytes_of(uint32_t dim) {
  return round_up((size_t{dim} + 7) / 8 + sizeof(SignsEnd), kSignsAtOnce);
}

/// Squares of floats do not overflow a double, but a float.
float to_float(double x) {
  return static_cast<float>(std::min(x, double{std::numeric_limits<float>::max()}));
}

}  // namespace

BinaryCodec::BinaryCodec(const L2Space& space, uint64_t seed)
    : bytes_(bytes_of(space.dim())),
      // Over all coordinates that the code has room for: more bits, better estimates.
      space_(space, static_cast<uint32_t>((bytes_ - sizeof(SignsEnd)) * 8), seed) {}

std::unique_ptr<BinaryCodec> BinaryCodec::train(const L2Space& space, const TrainingRows& rows) {
  std::unique_ptr<BinaryCodec> codec(new BinaryCodec(space, TurnedSpace::kSeed));
  codec->space_.set_centre(PlacedSample(space, rows).usual_centre());
  return codec;
}

Expected<std::unique_ptr<BinaryCodec>> BinaryCodec::read(Metric metric, uint32_t dim,
                                                         Bytes parameters) {
  ByteReader reader(parameters);
  const auto head = read_head(CodeForm::kSigns, reader);
  if (!head) return corrupt_parameters();
  std::unique_ptr<BinaryCodec> codec(
      new BinaryCodec(L2Space(metric, dim, head->radius), head->seed));
  if (!codec->space_.read_centre(reader) || reader.remaining() != 0) return corrupt_parameters();
  return codec;
}

Buffer BinaryCodec::parameters() const { return space_.parameters(CodeForm::kSigns); }

size_t BinaryCodec::query_bytes() const {
  return sizeof(SignsQuery) + bytes_ / kSignsAtOnce * kLevelsAtOnce;
}

const kernel::CodeKernel& BinaryCodec::kernel() const { return kernel::active().l2_signs; }

/// With o the rest of the row and s its signs, ‖o‖² · ⟨s, q⟩ / ⟨s, o⟩ estimates ⟨o, q⟩ for any q
/// without bias over all rotations (theorem 3.2), so the squared distance is ‖o‖² + ‖q‖² less twice
/// that.
void BinaryCodec::encode_row(const float* vector, float inv_norm, uint8_t* code) const {
  const float* rest = space_.row(vector, inv_norm);
  std::memset(code, 0, bytes_);
  double squared = 0;
  double along = 0;  // ⟨s, o⟩
  for (uint32_t i = 0; i < space_.dim(); ++i) {
    if (rest[i] > 0) code[i / 8] = static_cast<uint8_t>(code[i / 8] | 1U << i % 8);
    squared += double{rest[i]} * double{rest[i]};
    along += double{std::abs(rest[i])};
  }
  // A row in the centre has no signs; one that is nowhere, as its numbers overflowed, is far.
  SignsEnd end{std::isfinite(squared) ? to_float(squared) : std::numeric_limits<float>::max(), 0};
  if (along > 0 && std::isfinite(squared)) end.slope = to_float(2 * squared / along);
  std::memcpy(code + bytes_ - sizeof(end), &end, sizeof(end));
}

bool BinaryCodec::encode_query(const float* query, uint8_t* code) const {
  const float* rest = space_.query(query);
  std::memset(code, 0, query_bytes());
  SignsQuery head{};
  double squared = 0;
  float farthest = 0;
  for (uint32_t i = 0; i < space_.dim(); ++i) {
    squared += double{rest[i]} * double{rest[i]};
    farthest = std::max(farthest, std::abs(rest[i]));
  }
  head.squared = to_float(squared);
  head.step = farthest / kTopLevel;
  if (std::isfinite(squared) && head.step > 0) {
    uint8_t* planes = code + sizeof(head);
    for (uint32_t i = 0; i < space_.dim(); ++i) {
      const float nearest = std::floor(rest[i] / head.step + 0.5F);
      const auto level = static_cast<int32_t>(std::clamp(nearest, -kTopLevel, kTopLevel));
      head.levels += level;
      uint8_t* at = planes + i / 128 * kLevelsAtOnce + i % 128 / 8;
      for (size_t plane = 0; plane < kPlanes; ++plane) {
        const uint32_t bit = static_cast<uint32_t>(level) >> plane & 1;
        at[plane * kSignsAtOnce] = static_cast<uint8_t>(at[plane * kSignsAtOnce] | bit << i % 8);
      }
    }
  }
  std::memcpy(code, &head, sizeof(head));
  return false;
}

}  // namespace quiver::quant
