#include "index/graph/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace quiver::index {
namespace {

/// What hard data (word embeddings) needed, and more than any other set measured.
constexpr std::array kHard{Calibration::Point{32, 0.9F},    Calibration::Point{64, 0.95F},
                           Calibration::Point{120, 0.98F},  Calibration::Point{200, 0.99F},
                           Calibration::Point{320, 0.995F}, Calibration::Point{640, 0.999F}};
constexpr size_t kMostPoints = 64;

}  // namespace

uint32_t Calibration::ef_for(float target, uint32_t k) const {
  // What users ask lies farther from the rows than the queries that this was measured with: then
  // even easy data need more than that: three quarters of what hard data need at least.
  const float wanted = target + (1 - target) * 0.25F;
  const auto reaches = [wanted](const Point& point) { return point.recall >= wanted; };
  const auto* hard = std::find_if(kHard.begin(), kHard.end(), reaches);
  const uint32_t for_hard_data = hard != kHard.end() ? hard->ef : 2 * kHard.back().ef;
  const auto found = std::find_if(points_.begin(), points_.end(), reaches);
  uint32_t ef = for_hard_data;
  if (found != points_.end()) {
    ef = std::max(found->ef, for_hard_data / 4 * 3);
  } else if (!points_.empty()) {
    ef = std::max(ef, points_.back().ef);
  }
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
