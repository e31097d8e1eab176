#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"
#include "column/packed_numbers.h"
#include "column/sink.h"

namespace quiver::column {

/// So many ids are written one after the other, each as what differs from the one before.
inline constexpr uint32_t kIdGroup = 16;

/// The id of a row; ids are distinct. The text need not outlive the next call.
using IdOfRow = std::function<Expected<std::string_view>(uint32_t row)>;

/// Writes ids, each as what differs from the one before (front coding: Witten, Moffat & Bell,
/// Managing Gigabytes, §4.1), anew every 16 rows; docs/format.md gives the bytes.
Expected<void> write_ids(uint32_t rows, const IdOfRow& id, const Sink& sink);

/// Writes the table by which a row is found by its id: rows in buckets by hash, with a byte of the
/// hash for each, so that few ids need to be read.
Expected<void> write_id_lookup(uint32_t rows, const IdOfRow& id, const Sink& sink);

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
