#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/expected.h"
#include "engine/batch.h"
#include "engine/config.h"
#include "engine/segment.h"
#include "engine/state.h"
#include "store/log.h"
#include "store/manifest.h"
#include "store/vfs.h"

namespace quiver::engine {

/// How far the log was read.
struct LogProgress {
  uint64_t log = 0;             ///< the number of the last file
  store::LogPosition position;  ///< in it
};

/// A log file as far as it went when it was opened: what is appended later does not matter.
struct OpenedLog {
  uint64_t number = 0;
  Expected<std::shared_ptr<const store::FileBytes>> content;
};

/// What the files of an index say.
struct Recovered {
  State state;
  LogProgress progress;
  bool changed = false;  ///< whether the call added anything
};

/// CORRUPT_FILE if a record of the log has what is resolved before it is logged: inserts, updates.
Expected<void> check_logged(const Batch& batch);

/// The numbers of the log files from `first` on, ascending; MISSING_FILE if `first` is not there.
Expected<std::vector<uint64_t>> log_numbers(store::Vfs& vfs, uint64_t first);

/// Reads the state that the manifest and the log describe. `config` is the manifest's; `known`
/// gives segments that are open already, by their number; others are opened with `memory`.
///
/// Errors: MISSING_FILE, CORRUPT_FILE and the like name the file. While another process writes
/// (`tail` is kGrowing), MISSING_FILE also means that the manifest has been replaced meanwhile.
Expected<Recovered> recover(store::Vfs& vfs, const store::Manifest& manifest, const Config& config,
                            const State& known, store::LogTail tail, const SegmentMemory& memory);

/// Adds what the log has gained since, under the same manifest. After an error `state` cannot be
/// caught up any more: rows may have been added to its head that it does not count.
Expected<Recovered> catch_up(store::Vfs& vfs, const Config& config, const State& state,
                             const LogProgress& progress);

}  // namespace quiver::engine
