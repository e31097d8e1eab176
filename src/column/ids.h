#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/steps.h"
#include "column/packed_numbers.h"
#include "column/sink.h"

namespace quiver::column {

/// So many ids are written one after the other, each as what differs from the one before.
inline constexpr uint32_t kIdGroup = 16;

/// The id of a row; ids are distinct. The text need not outlive the next call.
using IdOfRow = std::function<Expected<std::string_view>(uint32_t row)>;

/// Writes ids, each as what differs from the one before (front coding: Witten, Moffat & Bell,
/// Managing Gigabytes, §4.1), anew every 16 rows; docs/format.md gives the bytes.
class IdsWriter {
 public:
  IdsWriter(uint32_t rows, IdOfRow id, Sink sink);
  IdsWriter(const IdsWriter&) = delete;
  IdsWriter& operator=(const IdsWriter&) = delete;

  /// Writes the ids of some more rows; whether those were the last.
  Expected<bool> step() { return steps_.step(); }

 private:
  Expected<void> add(uint32_t row);
  Expected<void> end();
  Expected<void> hand_on();

  uint32_t rows_;
  IdOfRow id_;
  Sink sink_;
  ByteWriter pending_;
  uint64_t offset_ = 0;  // of what is pending
  std::vector<uint64_t> ends_;
  std::string before_;
  Steps steps_;
};

/// Writes the table by which a row is found by its id: rows in buckets by hash, with a byte of the
/// hash for each, so that few ids need to be read.
class IdLookupWriter {
 public:
  IdLookupWriter(uint32_t rows, IdOfRow id, Sink sink);
  IdLookupWriter(const IdLookupWriter&) = delete;
  IdLookupWriter& operator=(const IdLookupWriter&) = delete;

  /// Looks at the ids of some more rows, and writes the table after the last ones; whether it has.
  Expected<bool> step() { return steps_.step(); }

 private:
  Expected<void> write();

  IdOfRow id_;
  Sink sink_;
  std::vector<uint64_t> hashes_;
  Steps steps_;
};

/// Both, read in place. Borrowed memory. Threads: any.
class Ids {
 public:
  Ids() = default;

  /// Checks sizes, O(1); CORRUPT_FILE otherwise.
  static Expected<Ids> read(uint32_t rows, Bytes ids, Bytes lookup);

  /// The id of a row, put together in `scratch` (and valid as long as that is). CORRUPT_FILE where
  /// the bytes are not sound.
  Expected<std::string_view> id(uint32_t row, std::string& scratch) const;

  /// Asks for what leads to the row's id, and then for the id, before it is read. `row` may be
  /// none.
  void prefetch_place(uint32_t row) const {
    if (row < rows_) group_ends_.prefetch(row / kIdGroup);
  }
  void prefetch(uint32_t row) const;

  /// The row of that id.
  [[nodiscard]] std::optional<uint32_t> find(std::string_view id) const;

 private:
  uint32_t rows_ = 0;
  Bytes ids_;
  PackedNumbers group_ends_;
  uint32_t bucket_bits_ = 0;
  const uint8_t* starts_ = nullptr;  // u32 × (buckets + 1)
  const uint8_t* sorted_ = nullptr;  // u32 × rows
  const uint8_t* tags_ = nullptr;    // u8 × rows
};

}  // namespace quiver::column
