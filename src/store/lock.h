#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/expected.h"
#include "store/file_names.h"
#include "store/vfs.h"

namespace quiver::store {

/// The right to write in a folder, held by one process at a time.
///
/// The files lock-N name owners; the highest N counts. It is free when it says so or when its
/// process is gone. Taking it means creating lock-N+1, which only one can do; N never goes back, so
/// a slow contender cannot take a number that was used before. Works the same from every host,
/// whatever locks its file system knows.
class Lock {
 public:
  /// LOCKED names the process that holds it.
  static Expected<std::unique_ptr<Lock>> acquire(Vfs& vfs);

  /// Releases. The Vfs has to live until then.
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Lock(Vfs& vfs, uint64_t number) : vfs_(vfs), number_(number) {}

  Vfs& vfs_;
  uint64_t number_;
};

/// Removes a folder's lock files, when the index in it is gone.
Expected<void> remove_lock_files(Vfs& vfs);

}  // namespace quiver::store
