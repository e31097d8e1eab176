#pragma once

#include <memory>
#include <string>

#include "store/vfs.h"

namespace quiver::store {

/// The folder `folder` (UTF-8) of the operating system: vfs_posix.cpp or vfs_windows.cpp. Files are
/// read through memory mapping.
std::shared_ptr<Vfs> native_vfs(std::string folder);

}  // namespace quiver::store
