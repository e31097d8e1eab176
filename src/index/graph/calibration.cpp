#include "index/graph/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

namespace quiver::index {
namespace {

/// What hard data (word embeddings) needed, and more than any other set measured.
constexpr std::array kHard{Calibration::Point{32, 0.9F},    Calibration::Point{64, 0.95F},
                           Calibration::Point{120, 0.98F},  Calibration::Point{200, 0.99F},
                           Calibration::Point{320, 0.995F}, Calibration::Point{640, 0.999F}};
constexpr size_t kMostPoints = 64;

/// Where the points first reach `wanted`, between two of them by the logarithm of ef; nothing if
/// they do not.
std::optional<uint32_t> first_ef(std::span<const Calibration::Point> points, float wanted) {
  const auto found = std::find_if(points.begin(), points.end(),
                                  [wanted](const auto& point) { return point.recall >= wanted; });
  if (found == points.end()) return std::nullopt;
  if (found == points.begin()) return found->ef;
  const auto& before = *(found - 1);
  const double share = (wanted - before.recall) / (found->recall - before.recall);
  const double ratio = static_cast<double>(found->ef) / before.ef;
  return static_cast<uint32_t>(std::ceil(before.ef * std::pow(ratio, share)));
}

}  // namespace

uint32_t Calibration::ef_for(float target, uint32_t k) const {
  // The sample is small, and queries may be of another kind than the rows.
  const float wanted = target + (1 - target) * 0.4F;
  const std::span<const Point> points = points_.empty() ? std::span<const Point>(kHard) : points_;
  const uint32_t beyond = std::max(2 * kHard.back().ef, points.back().ef);
  const uint32_t ef = first_ef(points, wanted).value_or(beyond);
  if (k <= kTopK) return std::max(ef, k);
  // The farther neighbours need a wider walk, but each added one less than the one before.
  const double times = std::sqrt(static_cast<double>(k) / kTopK);
  const double wide = std::max(static_cast<double>(ef) * times, 1.5 * k);
  return static_cast<uint32_t>(std::min(wide, 4294967295.0));
}

Buffer Calibration::encode() const {
  ByteWriter writer;
  for (const Point& point : points_) {
    writer.put(point.ef);
    writer.put(point.recall);
  }
  return writer.take();
}

Expected<Calibration> Calibration::decode(Bytes bytes) {
  const Error corrupt{Code::kCorruptFile, "the recalls of its graph do not fit"};
  if (bytes.size() % 8 != 0 || bytes.size() / 8 > kMostPoints) return corrupt;
  ByteReader reader(bytes);
  std::vector<Point> points;
  while (reader.remaining() != 0) {
    const Point point{*reader.get<uint32_t>(), *reader.get<float>()};
    if (point.ef <= (points.empty() ? 0 : points.back().ef) || std::isnan(point.recall)) {
      return corrupt;
    }
    points.push_back(point);
  }
  return Calibration(std::move(points));
}

}  // namespace quiver::index
