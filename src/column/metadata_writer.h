#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"

namespace quiver::column {

/// The metadata that are to be written: a valid msgpack map for each row. What a method returns is
/// borrowed until the next call.
class MetadataRows {
 public:
  virtual ~MetadataRows() = default;
  [[nodiscard]] virtual uint32_t rows() const = 0;
  virtual Expected<Bytes> metadata(uint32_t row) = 0;
  /// The encoded value under a key of the row's map.
  virtual Expected<std::optional<Bytes>> field(uint32_t row, std::string_view key) = 0;
};

/// Takes the parts of metadata_parts.h one after the other.
class PartSink {
 public:
  virtual ~PartSink() = default;
  virtual Expected<void> begin(uint32_t part) = 0;
  virtual Expected<void> append(Bytes bytes) = 0;
};

/// Writes metadata as columns, one for each key that many rows have: numbers packed, every other
/// value once for all rows that have it, in compressed blocks. The maps are given back as they
/// were, with their keys in the same order. Reads the rows once for the keys and about twice for
/// each field; memory: 12 bytes a row, and 32 MiB.
class MetadataWriter {
 public:
  /// Both are borrowed.
  MetadataWriter(MetadataRows& rows, PartSink& sink);
  ~MetadataWriter();
  MetadataWriter(const MetadataWriter&) = delete;
  MetadataWriter& operator=(const MetadataWriter&) = delete;

  /// Looks at some more rows, or packs the numbers of all; whether that was the last step.
  Expected<bool> step();

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

}  // namespace quiver::column
