#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/segment.h"
#include "kernel/metric.h"
#include "kernel/table.h"
#include "quant/rows.h"

namespace quiver::engine {

/// Measures what recall walks through a finished graph reach with which ef. The queries are rows of
/// it that the walks do not see, so that they lie as far from the others as any that is to come.
/// (The graph was still built with them: without such a row others would be linked a little
/// better, so that what is found is on the safe side.) How far a query's nearest rows are is found
/// by measuring all.
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
  struct Query {
    uint32_t node;
    std::vector<float> vector;   // a unit vector under cosine
    std::vector<float> nearest;  // a heap of the distances of the nearest rows, the farthest first
  };

  [[nodiscard]] Query query_from(uint32_t node) const;
  [[nodiscard]] uint32_t row_of(uint32_t node) const;
  [[nodiscard]] float distance(const Query& query, uint32_t row) const;
  void measure_rows();
  void walk_next();
  [[nodiscard]] size_t found(const Query& query, uint32_t ef) const;
  template <typename Space>
  [[nodiscard]] size_t found_in(const Space& space, const Query& query, uint32_t ef,
                                size_t handed_on) const;

  const Walkable& walkable_;
  Metric metric_;
  uint32_t dim_;
  const quant::TrainingRows& rows_;
  kernel::PairDistance pair_;
  index::GraphView graph_;
  std::vector<Query> queries_;
  uint32_t measured_ = 0;  // rows
  size_t ef_ = 0;          // the one whose turn it is
  size_t walked_ = 0;      // queries with it
  size_t found_ = 0;       // rows by these
  std::vector<index::Calibration::Point> points_;
};

}  // namespace quiver::engine
