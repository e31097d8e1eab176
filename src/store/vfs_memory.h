#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "store/vfs.h"

namespace quiver::store {

/// Files in memory: gone with the last Vfs on the disk.
class MemoryDisk {
 public:
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Buffer>, std::less<>> files;
};

/// A folder on a disk in memory. Several may share one disk.
std::shared_ptr<Vfs> memory_vfs(std::shared_ptr<MemoryDisk> disk);

}  // namespace quiver::store
