#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "store/log.h"
#include "store/vfs.h"

namespace quiver::store {

/// A sound record of a log file.
struct SalvagedRecord {
  uint64_t sequence = 0;
  bool last = false;  ///< of its transaction
  Bytes payload;
};

/// All that is sound in a log file, whatever stands between it.
struct SalvagedLog {
  std::shared_ptr<const FileBytes> content;  ///< what the records borrow
  /// The number of its first record. From the header; none where that is damaged.
  std::optional<uint64_t> first_sequence;
  std::vector<SalvagedRecord> records;  ///< by ascending numbers
  /// Of them, those before what a crash may have left at the end, as recovery sees it.
  size_t before_tail = 0;
  uint64_t damaged_bytes = 0;  ///< before that end
  uint64_t tail_bytes = 0;     ///< from there on that are no sound records
};

/// Reads a log file as far as it is sound. Where the header is damaged, the salt is found by the
/// records' checksums. Errors: as Vfs::read; UNSUPPORTED_FORMAT.
Expected<SalvagedLog> salvage_log(Vfs& vfs, uint64_t file_number);

}  // namespace quiver::store
