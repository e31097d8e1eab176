#include "store/vfs.h"

namespace quiver::store {

bool Vfs::link(const Vfs& /*from*/, std::string_view /*name*/) { return false; }

Expected<void> replace_file(Vfs& vfs, std::string_view name, Bytes content) {
  const std::string temporary = std::string(name) + ".tmp";
  {
    auto file = vfs.create(temporary);
    if (!file) return file.error();
    if (auto written = (*file)->append(content); !written) return written;
    if (auto synced = (*file)->sync(); !synced) return synced;
  }
  if (auto renamed = vfs.rename(temporary, name); !renamed) return renamed;
  return vfs.sync_folder();
}

}  // namespace quiver::store
