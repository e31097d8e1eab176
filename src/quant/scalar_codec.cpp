#include "quant/scalar_codec.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/code_form.h"
#include "quant/placed_sample.h"

namespace quiver::quant {
namespace {

/// What the parameters begin with; the centre follows.
struct Head {
  CodeForm form;
  float radius;
  float steps_per_unit;
  uint32_t zero;
  uint64_t seed;
};
static_assert(sizeof(Head) == 24);

uint32_t levels_of(CodeKind kind) { return kind == CodeKind::kSq4 ? 16 : 128; }

uint32_t coordinates_per_byte(CodeKind kind) { return kind == CodeKind::kSq4 ? 2 : 1; }

size_t bytes_of(CodeKind kind, uint32_t dim) {
  const uint32_t per_byte = coordinates_per_byte(kind);
  return round_up((size_t{dim} + per_byte - 1) / per_byte, kernel::kCodeAlignment);
}

/// The level of a coordinate; what is no number becomes the lowest.
uint8_t to_level(float coordinate, float steps_per_unit, float top) {
  const float level = coordinate * steps_per_unit + top / 2;
  if (!(level > 0)) return 0;
  const float nearest = std::min(level, top) + 0.5F;
  return static_cast<uint8_t>(nearest);
}

/// The step with the least squared error over the sample: a wide range of levels rounds all
/// coordinates more, a narrow one cuts the farthest off.
float best_steps_per_unit(std::span<const float> sample, uint32_t levels) {
  constexpr int kCandidates = 24;
  const auto top = static_cast<float>(levels - 1);
  float farthest = 0;
  for (const float x : sample) farthest = std::max(farthest, std::abs(x));
  if (farthest == 0) return 0;
  float best = 0;
  double least = std::numeric_limits<double>::infinity();
  float range = farthest;
  for (int i = 0; i < kCandidates; ++i, range *= 0.9F) {
    const float steps_per_unit = top / (2 * range);
    if (!std::isfinite(steps_per_unit)) break;
    double error = 0;
    for (const float x : sample) {
      const float level = to_level(x, steps_per_unit, top);
      const double off = double{x} - double{(level - top / 2) / steps_per_unit};
      error += off * off;
    }
    if (error < least) {
      least = error;
      best = steps_per_unit;
    }
  }
  return best;
}

}  // namespace

ScalarCodec::ScalarCodec(CodeKind kind, const L2Space& space, uint64_t seed)
    : kind_(kind),
      levels_(levels_of(kind)),
      bytes_(bytes_of(kind, space.dim())),
      // Over all coordinates that the code has room for.
      space_(space, static_cast<uint32_t>(bytes_ * coordinates_per_byte(kind)), seed) {}

std::unique_ptr<ScalarCodec> ScalarCodec::train(CodeKind kind, const L2Space& space,
                                                const TrainingRows& rows) {
  std::unique_ptr<ScalarCodec> codec(new ScalarCodec(kind, space, TurnedSpace::kSeed));
  PlacedSample sample(space, rows);
  codec->space_.set_centre(sample.usual_centre());
  // Enough of them tell the step, however many dimensions there are.
  constexpr size_t kStepCoordinates = size_t{1} << 16;
  const size_t step_rows =
      std::min(sample.rows(), std::max<size_t>(kStepCoordinates / codec->space_.dim(), 32));
  std::vector<float> coordinates;
  for (size_t i = 0; i < step_rows; ++i) {
    const float* turned = codec->space_.placed(sample.row(i * sample.rows() / step_rows));
    coordinates.insert(coordinates.end(), turned, turned + codec->space_.dim());
  }
  codec->steps_per_unit_ = best_steps_per_unit(coordinates, codec->levels_);
  return codec;
}

Expected<std::unique_ptr<ScalarCodec>> ScalarCodec::read(CodeKind kind, Metric metric, uint32_t dim,
                                                         Bytes parameters) {
  ByteReader reader(parameters);
  const auto head = reader.get<Head>();
  if (!head || head->form != CodeForm::kRotated || !(head->radius >= 0) ||
      !std::isfinite(head->radius) || !std::isfinite(head->steps_per_unit)) {
    return corrupt_parameters();
  }
  std::unique_ptr<ScalarCodec> codec(
      new ScalarCodec(kind, L2Space(metric, dim, head->radius), head->seed));
  if (!codec->space_.read_centre(reader) || reader.remaining() != 0) return corrupt_parameters();
  codec->steps_per_unit_ = head->steps_per_unit;
  return codec;
}

Buffer ScalarCodec::parameters() const {
  const Head head{CodeForm::kRotated, space_.radius(), steps_per_unit_, 0, space_.seed()};
  return space_.with_centre(as_bytes(std::span(&head, 1)));
}

const kernel::CodeKernel& ScalarCodec::kernel() const {
  return kind_ == CodeKind::kSq4 ? kernel::active().l2_u4 : kernel::active().l2_u7;
}

void ScalarCodec::round(const float* turned, uint8_t* code) const {
  const auto top = static_cast<float>(levels_ - 1);
  for (size_t i = 0; i < bytes_; ++i) {
    if (kind_ == CodeKind::kSq4) {
      const uint8_t low = to_level(turned[2 * i], steps_per_unit_, top);
      const uint8_t high = to_level(turned[2 * i + 1], steps_per_unit_, top);
      code[i] = static_cast<uint8_t>(low | high << 4);
    } else {
      code[i] = to_level(turned[i], steps_per_unit_, top);
    }
  }
}

void ScalarCodec::encode_row(const float* vector, float inv_norm, uint8_t* code) const {
  round(space_.row(vector, inv_norm), code);
}

bool ScalarCodec::encode_query(const float* query, uint8_t* code) const {
  round(space_.query(query), code);
  return false;
}

}  // namespace quiver::quant
