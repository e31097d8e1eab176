#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "column/block_cache.h"
#include "column/packed_numbers.h"
#include "column/sink.h"

namespace quiver::column {

/// Writes a sequence of byte strings in blocks of about 8 KiB, each compressed where that saves an
/// eighth (docs/format.md). Hands each block on as soon as it is full.
class ValuesWriter {
 public:
  explicit ValuesWriter(Sink sink) : sink_(std::move(sink)) {}

  Expected<void> add(Bytes value);
  /// Ends the sequence; the object is not used after this.
  Expected<void> finish();

  [[nodiscard]] uint32_t size() const { return count_; }

 private:
  Expected<void> end_block();

  Sink sink_;
  uint32_t count_ = 0;
  uint64_t offset_ = 0;
  Buffer pending_;                      // of the block that is being filled
  std::vector<uint64_t> pending_ends_;  // in it
  std::vector<uint64_t> firsts_;        // of each block: its first value
  std::vector<uint64_t> ends_;          // of each block: where it ends
  std::vector<uint64_t> raw_sizes_;     // of each block: before compression; 0 if it is not
};

/// Bytes that are alive as long as the object or the column's memory, whichever ends first.
struct Value {
  Bytes bytes;
  std::shared_ptr<const Buffer> block;  ///< null where the bytes lie in the column itself
};

/// What ValuesWriter wrote, read in place; each value by itself. Borrowed memory. Threads: any.
class Values {
 public:
  Values() = default;

  /// Checks what leads to the blocks, O(1); CORRUPT_FILE otherwise. The cache outlives the object.
  static Expected<Values> read(Bytes section, BlockCache& cache);

  [[nodiscard]] uint32_t size() const { return count_; }

  /// CORRUPT_FILE if there is no such value or its block is not sound.
  [[nodiscard]] Expected<Value> get(uint32_t i) const;

 private:
  [[nodiscard]] Expected<Value> load(uint32_t block) const;

  Bytes blocks_;
  PackedNumbers firsts_;
  PackedNumbers ends_;
  PackedNumbers raw_sizes_;
  uint32_t count_ = 0;
  uint32_t owner_ = 0;
  BlockCache* cache_ = nullptr;
};

}  // namespace quiver::column
