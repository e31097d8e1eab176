#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/expected.h"
#include "store/file_names.h"
#include "store/vfs.h"

namespace quiver::store {

/// The right to write in a folder, held by one process at a time.
///
/// The files lock-N name owners; the highest N counts. It is free when it says so, when its process
/// is gone, or when its process is on another host, where nobody can look, and has not written it
/// again for kStaleAfter. Taking it means creating lock-N+1, which only one can do; N never goes
/// back, so a slow contender cannot take a number that was used before. Works the same from every
/// host, whatever locks its file system knows.
class Lock {
 public:
  /// LOCKED names the process that holds it.
  static Expected<std::unique_ptr<Lock>> acquire(Vfs& vfs);

  /// How often an owner says that it lives, and after which silence another host believes that it
  /// does not.
  static constexpr std::chrono::seconds kBeatEvery{5};
  static constexpr std::chrono::seconds kStaleAfter{30};

  /// To be called before each write in the folder, and at least every kBeatEvery while the lock is
  /// wanted: says that the owner lives, and makes sure that nobody has taken the lock from it.
  /// LOCKED if somebody has. The owner may have been stopped for long between this call and its
  /// write; nothing that a plain file system offers closes that gap.
  Expected<void> keep(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

  /// Releases. The Vfs has to live until then.
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Lock(Vfs& vfs, uint64_t number) : vfs_(vfs), number_(number) {}

  Vfs& vfs_;
  uint64_t number_;
  std::chrono::steady_clock::time_point last_beat_ = std::chrono::steady_clock::now();
};

/// LOCKED names the process that may be writing in the folder. Changes nothing.
Expected<void> check_unlocked(Vfs& vfs);

/// Removes a folder's lock files, when the index in it is gone.
Expected<void> remove_lock_files(Vfs& vfs);

}  // namespace quiver::store
