#pragma once

#include <memory>
#include <utility>

#include "base/bytes.h"
#include "store/file_names.h"
#include "store/vfs_memory.h"

namespace quiver::test {

/// Files without the room for records at the ends of logs: for tests that go through bytes one by
/// one.
inline auto without_room(decltype(store::MemoryDisk::files) files) {
  for (auto& [name, content] : files) {
    if (!store::log_file_number(name)) continue;
    Buffer log = *content;
    while (!log.empty() && log.back() == 0) log.pop_back();
    log.resize((log.size() + 7) / 8 * 8);
    content = std::make_shared<const Buffer>(std::move(log));
  }
  return files;
}

}  // namespace quiver::test
