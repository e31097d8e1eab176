#pragma once

#include <memory>

#include "store/vfs.h"

namespace quiver::test {

/// `inner`, as Windows treats its files: one that is being read can be neither removed nor replaced
/// (PERMISSION_DENIED).
std::shared_ptr<store::Vfs> held_files_vfs(std::shared_ptr<store::Vfs> inner);

}  // namespace quiver::test
