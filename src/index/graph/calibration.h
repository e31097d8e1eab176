#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"

namespace quiver::index {

/// What recall a graph's walks reach with which ef, measured when the graph was made. So users ask
/// for a recall, and each graph answers with no more work than its data need.
class Calibration {
 public:
  struct Point {
    uint32_t ef;
    float recall;  ///< recall@kTopK, 0–1
  };
  static constexpr uint32_t kTopK = 10;

  /// Nothing measured.
  Calibration() = default;
  /// Ascending by ef, from 1 up.
  explicit Calibration(std::vector<Point> points) : points_(std::move(points)) {}

  /// How many candidates a walk must keep to find a share `target` (0–1) of the k nearest. Where
  /// nothing was measured, or no measured ef reached it, what suits hard data.
  [[nodiscard]] uint32_t ef_for(float target, uint32_t k) const;

  [[nodiscard]] const std::vector<Point>& points() const { return points_; }

  /// `u32 ef, f32 recall` for each point.
  [[nodiscard]] Buffer encode() const;
  /// CORRUPT_FILE if that is not what the bytes are.
  static Expected<Calibration> decode(Bytes bytes);

 private:
  std::vector<Point> points_;
};

}  // namespace quiver::index
