#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/segment.h"
#include "kernel/metric.h"
#include "quant/rows.h"

namespace quiver::engine {

/// Measures what recall walks through a finished graph reach with which ef. The queries lie between
/// rows that are near each other; how far their nearest rows are is found by measuring all.
class Calibrator {
 public:
  /// `rows` are in the order of the segment; both are borrowed.
  Calibrator(const Walkable& walkable, Metric metric, uint32_t dim,
             const quant::TrainingRows& rows);

  /// Does a piece that takes a fraction of a millisecond; whether that was the last.
  bool step();

  /// What was found, after the last step.
  [[nodiscard]] index::Calibration take() { return index::Calibration(std::move(points_)); }

 private:
  using Heap = std::vector<float>;  // the distances of the nearest rows, the farthest in front

  [[nodiscard]] const float* query(size_t i) const { return &queries_[i * dim_]; }
  [[nodiscard]] uint32_t row_of(uint32_t node) const;
  [[nodiscard]] float distance(size_t query, uint32_t row) const;
  void add_query(uint32_t i, uint32_t count);
  void measure_rows();
  void walk_next();
  [[nodiscard]] size_t found(size_t query, uint32_t ef) const;
  template <typename Space>
  [[nodiscard]] size_t found_in(const Space& space, size_t query, uint32_t ef,
                                size_t handed_on) const;

  const Walkable& walkable_;
  Metric metric_;
  uint32_t dim_;
  const quant::TrainingRows& rows_;
  index::GraphView graph_;
  std::vector<float> queries_;
  std::vector<Heap> nearest_;  // of each query
  uint32_t measured_ = 0;      // rows
  size_t ef_ = 0;              // the one whose turn it is
  size_t walked_ = 0;          // queries with it
  size_t found_ = 0;           // rows by these
  std::vector<index::Calibration::Point> points_;
};

}  // namespace quiver::engine
