#pragma once

#include <vector>

#include "support/mutation.h"

namespace quiver::fuzz {

/// A segment file taken apart, as docs/format.md describes it.
struct SegmentImage {
  struct Section {
    uint32_t id = 0;
    Buffer content;
  };
  std::vector<Section> sections;
};

/// Nothing in it where the table of sections is not sound; checksums are not looked at.
SegmentImage read_segment_file(Bytes file);

/// With right checksums, and each section at the alignment that the format gives it.
Buffer write_segment_file(const SegmentImage& segment);

/// Changes a segment behind its checksums: a section's numbers or bytes, or which sections there
/// are.
void mutate_segment(Random& random, Buffer& file);

}  // namespace quiver::fuzz
