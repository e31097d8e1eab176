#pragma once

#include <atomic>

#include "engine/segment.h"
#include "kernel/metric.h"
#include "quant/rows.h"

namespace quiver::engine {

/// Measures what recall walks through a finished graph reach with which ef. The queries lie between
/// rows that are near each other; their nearest rows are found by measuring all. Ends early, with
/// what it has, once `stop` is true.
index::Calibration calibrate(const Walkable& walkable, Metric metric, uint32_t dim,
                             const quant::TrainingRows& rows, const std::atomic<bool>* stop);

}  // namespace quiver::engine
