#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "kernel/metric.h"
#include "quant/code_kind.h"
#include "store/vfs_memory.h"

namespace quiver::fuzz {

/// What an index made for seeds consists of. Ids are "a0", "a1", … in the order of insertion.
struct Sample {
  Metric metric = Metric::kCosine;
  uint32_t dim = 8;
  uint32_t segments = 3;
  uint32_t segment_rows = 24;
  uint32_t head_rows = 6;
  CodeKind codes = CodeKind::kSq8;
};

using Files = decltype(store::MemoryDisk::files);

/// The files of such an index, written by the collection itself: metadata of every type, deleted
/// rows in segments and in the head, transactions of several records. The same bytes each time:
/// the numbers that are drawn at random are put to fixed ones. Segments get a graph, which the
/// collection would only build for many more rows.
Files sample_index(const Sample& sample);

/// The metadata of the n-th item, all types over eight of them.
Buffer sample_metadata(uint32_t n);

}  // namespace quiver::fuzz
