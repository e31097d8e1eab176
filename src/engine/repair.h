#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "store/vfs.h"

namespace quiver::engine {

struct RepairReport {
  uint64_t rows_kept = 0;
  /// Rows that were live and are known to be lost. Those of damaged records of the log are not
  /// among them: what a record changed is not known.
  uint64_t rows_lost = 0;
  std::vector<std::string> problems;  ///< what was wrong and what is lost; each names its file
  std::vector<std::string> ids;       ///< of lost rows, as far as they are known; 100 at most
  uint32_t files_kept = 0;            ///< segment files that were taken as they are
  uint64_t bytes_copied = 0;          ///< written to the target; a link takes none
};

/// The msgpack map of docs/engine-messages.md.
Buffer encode_report(const RepairReport& report);

/// Makes an index in `target` of all that is whole in `source`, which is only read. What is kept is
/// what was written, to the bit: a row that damage may have touched is left out. The target is no
/// index until all is in it, on the disk.
///
/// Errors: INDEX_NOT_FOUND if the source has no file of an index; INDEX_EXISTS if the target has
/// one; LOCKED while a process writes to either; UNSUPPORTED_FORMAT for files of a later release;
/// what writing can fail with. Damage is none.
Expected<RepairReport> repair(store::Vfs& source, const std::shared_ptr<store::Vfs>& target);

}  // namespace quiver::engine
