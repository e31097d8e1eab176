#pragma once

#include <memory>
#include <string>

#include "store/vfs.h"

namespace quiver::store {

/// The folder `folder` of a POSIX file system. Files are read through memory mapping.
std::shared_ptr<Vfs> posix_vfs(std::string folder);

}  // namespace quiver::store
