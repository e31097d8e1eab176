#pragma once

#include <memory>
#include <string>

#include "store/vfs.h"

namespace quiver::wasm {

/// The folder `folder` of the file system that JavaScript gave the module as `quiverHost`
/// (README.md). `folder` is a non-empty path without NUL. Files are read into memory whole.
std::shared_ptr<store::Vfs> host_vfs(std::string folder);

}  // namespace quiver::wasm
