#pragma once

#include <cstdint>

namespace quiver::engine {

/// The sections of a segment file; docs/format.md describes each. The numbers are stored: never
/// renumber.
enum Section : uint32_t {
  kInfo = 1,
  kVectors = 2,
  kInvNorms = 3,
  kIds = 4,
  kIdLookup = 5,
  kGraphUpper = 6,
  kGraphLevel0 = 7,
  kCodeInfo = 8,
  kCodes = 9,
  kNodeRows = 10,
  kCalibration = 11,
  kMetadata = 256,  // and the numbers after it: the parts of column/metadata_parts.h
};

/// The section kInfo.
struct SegmentInfo {
  uint32_t rows;
  uint32_t dim;
  uint32_t metric;
  uint32_t has_graph;
  uint64_t first_log;  // log files of smaller numbers hold nothing that is not in segments
};
static_assert(sizeof(SegmentInfo) == 24);

/// The section kCodeInfo begins with this; the codec's parameters follow.
struct CodeInfo {
  uint32_t kind;  // CodeKind
  uint32_t is_automatic;
  float sample_recall;
  uint32_t ef_construction;  // that the graph was built with; 0: not known
};
static_assert(sizeof(CodeInfo) == 16);

}  // namespace quiver::engine
