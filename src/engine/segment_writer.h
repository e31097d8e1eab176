#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "engine/row_source.h"
#include "engine/segment.h"
#include "kernel/metric.h"
#include "store/segment_file.h"
#include "store/vfs.h"

namespace quiver::engine {

/// Writes a segment file (docs/format.md) in steps, for hosts without threads.
class SegmentWriter {
 public:
  /// What Segment::write is told of the file, all of it borrowed.
  struct Content {
    Metric metric;
    uint32_t dim;
    std::span<const RowRef> rows;
    const Walkable* walkable;  ///< may be null
    uint64_t first_log;
  };

  static Expected<std::unique_ptr<SegmentWriter>> create(store::Vfs& vfs, std::string_view name,
                                                         const Content& content,
                                                         const std::atomic<bool>* stop);

  /// Writes at most about a megabyte more, but for ids and metadata, which are steps of their own;
  /// whether the file is finished and has its name.
  Expected<bool> step();

 private:
  /// A section, and how its pieces are written.
  struct Section {
    uint32_t id;
    uint32_t alignment;
    uint64_t pieces;
    std::function<Expected<void>(uint64_t piece)> write;
  };

  SegmentWriter(std::unique_ptr<store::SegmentFileWriter> file, const Content& content)
      : file_(std::move(file)), content_(content) {}

  void plan();
  void plan_walkable(const Walkable& walkable);
  void plan_ids();
  void add(uint32_t id, uint32_t alignment, std::function<Expected<void>()> write);
  void add_bytes(uint32_t id, uint32_t alignment, Bytes bytes);
  void add_rows(uint32_t id, uint32_t alignment, size_t row_bytes,
                std::function<Expected<void>(const RowRef&)> write);
  Expected<void> write_metadata();

  std::unique_ptr<store::SegmentFileWriter> file_;
  Content content_;
  std::vector<Section> sections_;
  size_t section_ = 0;  // that is being written
  uint64_t piece_ = 0;  // of it, the next
  bool has_metadata_ = false;
};

}  // namespace quiver::engine
