#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/expected.h"
#include "base/steps.h"
#include "column/ids.h"
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

  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  /// Writes at most about a megabyte more; whether the file is finished and has its name.
  Expected<bool> step() { return steps_.step(); }

 private:
  class MetadataSections;

  SegmentWriter(std::unique_ptr<store::SegmentFileWriter> file, const Content& content);

  void plan();
  void plan_walkable(const Walkable& walkable);
  void plan_metadata();
  void begin(uint32_t id, uint32_t alignment);
  void add(uint32_t id, uint32_t alignment, std::function<Expected<void>()> write);
  void add_bytes(uint32_t id, uint32_t alignment, Bytes bytes);
  void add_rows(uint32_t id, uint32_t alignment, size_t row_bytes,
                std::function<Expected<void>(const RowRef&)> write);
  template <typename Writer>
  void add_ids(uint32_t id, std::unique_ptr<Writer>& writer);

  std::unique_ptr<store::SegmentFileWriter> file_;
  Content content_;
  Steps steps_;
  // Made when it is their turn, and gone after it.
  std::unique_ptr<column::IdsWriter> ids_;
  std::unique_ptr<column::IdLookupWriter> id_lookup_;
  std::unique_ptr<MetadataSections> metadata_;
  std::string id_scratch_;
};

}  // namespace quiver::engine
