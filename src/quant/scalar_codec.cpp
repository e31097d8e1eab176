#include "quant/scalar_codec.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/code_form.h"

namespace quiver::quant {
namespace {

constexpr uint64_t kSeed = 0x517569766572;

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

/// Where some of the rows are. One row that is far from all others, as a bug upstream makes it,
/// must not make the step so wide that the others cannot be told apart.
class PlacedSample {
 public:
  PlacedSample(const L2Space& space, const TrainingRows& rows) : dim_(space.dim()) {
    const uint32_t count = std::min(rows.rows(), kRows);
    places_.resize(size_t{count} * dim_);
    for (uint32_t i = 0; i < count; ++i) {
      const auto row = static_cast<uint32_t>(uint64_t{i} * rows.rows() / count);
      space.place_row(rows.vector(row), rows.inv_norm(row), &places_[size_t{i} * dim_]);
    }
  }

  [[nodiscard]] size_t rows() const { return places_.size() / dim_; }
  [[nodiscard]] std::span<const float> row(size_t i) const {
    return std::span(places_).subspan(i * dim_, dim_);
  }

  /// The mean of the rows that are not far from the median; the others are dropped.
  std::vector<float> usual_centre() {
    drop_far_rows(medians());
    std::vector<double> sums(dim_, 0);
    for (size_t i = 0; i < rows(); ++i) {
      for (uint32_t d = 0; d < dim_; ++d) sums[d] += double{row(i)[d]};
    }
    std::vector<float> centre(dim_);
    for (uint32_t d = 0; d < dim_; ++d) {
      const auto mean = static_cast<float>(sums[d] / static_cast<double>(rows()));
      centre[d] = std::isfinite(mean) ? mean : 0;
    }
    return centre;
  }

 private:
  static constexpr uint32_t kRows = 2048;

  [[nodiscard]] std::vector<float> medians() const {
    constexpr size_t kMedianRows = 255;
    const size_t count = std::min(rows(), kMedianRows);
    std::vector<float> medians(dim_);
    std::vector<float> column(count);
    for (uint32_t d = 0; d < dim_; ++d) {
      for (size_t i = 0; i < count; ++i) column[i] = row(i * rows() / count)[d];
      const auto middle = column.begin() + static_cast<ptrdiff_t>(count / 2);
      std::nth_element(column.begin(), middle, column.end());
      medians[d] = *middle;
    }
    return medians;
  }

  /// Twice as far as nine tenths of all are is far.
  void drop_far_rows(const std::vector<float>& medians) {
    std::vector<double> squared(rows(), 0);
    for (size_t i = 0; i < rows(); ++i) {
      for (uint32_t d = 0; d < dim_; ++d) {
        const double apart = double{row(i)[d]} - double{medians[d]};
        squared[i] += apart * apart;
      }
    }
    std::vector<double> sorted = squared;
    const auto most = sorted.begin() + static_cast<ptrdiff_t>((sorted.size() - 1) * 9 / 10);
    std::nth_element(sorted.begin(), most, sorted.end());
    if (*most == 0) return;
    size_t kept = 0;
    for (size_t i = 0; i < squared.size(); ++i) {
      if (squared[i] > 4 * *most) continue;
      std::copy_n(&places_[i * dim_], dim_, &places_[kept++ * dim_]);
    }
    places_.resize(kept * dim_);
  }

  uint32_t dim_;
  std::vector<float> places_;
};

/// Memory of this thread for one vector on its way.
float* place_of_this_thread(size_t floats) {
  thread_local std::vector<float> place;
  if (place.size() < floats) place.resize(floats);
  return place.data();
}

}  // namespace

ScalarCodec::ScalarCodec(CodeKind kind, L2Space space, uint64_t seed)
    : kind_(kind),
      space_(space),
      seed_(seed),
      levels_(levels_of(kind)),
      bytes_(bytes_of(kind, space.dim())),
      // Over all coordinates that the code has room for.
      rotation_(static_cast<uint32_t>(bytes_ * coordinates_per_byte(kind)), seed),
      centre_(space.dim(), 0) {}

std::unique_ptr<ScalarCodec> ScalarCodec::train(CodeKind kind, const L2Space& space,
                                                const TrainingRows& rows) {
  std::unique_ptr<ScalarCodec> codec(new ScalarCodec(kind, space, kSeed));
  PlacedSample sample(space, rows);
  codec->centre_ = sample.usual_centre();
  // Enough of them tell the step, however many dimensions there are.
  constexpr size_t kStepCoordinates = size_t{1} << 16;
  const size_t step_rows =
      std::min(sample.rows(), std::max<size_t>(kStepCoordinates / codec->rotation_.dim(), 32));
  std::vector<float> coordinates;
  std::vector<float> place(codec->rotation_.dim());
  for (size_t i = 0; i < step_rows; ++i) {
    const auto row = sample.row(i * sample.rows() / step_rows);
    std::copy(row.begin(), row.end(), place.begin());
    codec->turn(place.data());
    coordinates.insert(coordinates.end(), place.begin(), place.end());
  }
  codec->steps_per_unit_ = best_steps_per_unit(coordinates, codec->levels_);
  return codec;
}

Expected<std::unique_ptr<ScalarCodec>> ScalarCodec::read(CodeKind kind, Metric metric, uint32_t dim,
                                                         Bytes parameters) {
  ByteReader reader(parameters);
  const auto form = reader.get<uint32_t>();
  const auto radius = reader.get<float>();
  const auto steps_per_unit = reader.get<float>();
  const auto zero = reader.get<uint32_t>();
  const auto seed = reader.get<uint64_t>();
  if (!form || *form != static_cast<uint32_t>(CodeForm::kRotated) || !radius || !(*radius >= 0) ||
      !std::isfinite(*radius) || !steps_per_unit || !std::isfinite(*steps_per_unit) || !zero ||
      !seed) {
    return corrupt_parameters();
  }
  std::unique_ptr<ScalarCodec> codec(new ScalarCodec(kind, L2Space(metric, dim, *radius), *seed));
  if (reader.remaining() != codec->centre_.size() * sizeof(float)) return corrupt_parameters();
  for (float& x : codec->centre_) x = *reader.get<float>();
  codec->steps_per_unit_ = *steps_per_unit;
  return codec;
}

Buffer ScalarCodec::parameters() const {
  ByteWriter writer;
  writer.put(static_cast<uint32_t>(CodeForm::kRotated));
  writer.put(space_.radius());
  writer.put(steps_per_unit_);
  writer.put<uint32_t>(0);
  writer.put(seed_);
  writer.put_bytes(as_bytes(std::span<const float>(centre_)));
  return writer.take();
}

const kernel::CodeKernel& ScalarCodec::kernel() const {
  return kind_ == CodeKind::kSq4 ? kernel::active().l2_u4 : kernel::active().l2_u7;
}

void ScalarCodec::turn(float* place) const {
  for (size_t i = 0; i < centre_.size(); ++i) place[i] -= centre_[i];
  std::fill(place + centre_.size(), place + rotation_.dim(), 0.0F);
  rotation_.apply(place);
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
  float* place = place_of_this_thread(rotation_.dim());
  space_.place_row(vector, inv_norm, place);
  turn(place);
  round(place, code);
}

bool ScalarCodec::encode_query(const float* query, uint8_t* code) const {
  float* place = place_of_this_thread(rotation_.dim());
  space_.place_query(query, place);
  turn(place);
  round(place, code);
  return false;
}

}  // namespace quiver::quant
