#include "engine/place_file.h"

#include <algorithm>

#include "store/file_names.h"
#include "store/segment_file.h"

namespace quiver::engine {
namespace {

Expected<void> write_file(store::Vfs& target, const std::string& name, Bytes content) {
  const std::string temporary = name + ".tmp";
  {
    auto file = target.create(temporary);
    if (!file) return file.error();
    constexpr size_t kPiece = size_t{1} << 22;
    while (!content.empty()) {
      const Bytes piece = content.first(std::min(content.size(), kPiece));
      if (auto written = (*file)->append(piece); !written) return written;
      content = content.subspan(piece.size());
    }
    if (auto synced = (*file)->sync(); !synced) return synced;
  }
  return target.rename(temporary, name);
}

/// Whether `base` has the very same file.
bool holds(store::Vfs& base, const SourceFile& file) {
  if (!store::segment_file_number(file.name)) return false;
  const auto other = base.read(file.name);
  return other && store::same_segment((*other)->bytes(), file.content->bytes());
}

}  // namespace

Expected<bool> place_file(store::Vfs& target, const std::string& as, const store::Vfs& source,
                          store::Vfs* base, const SourceFile& file) {
  if (!file.may_grow) {
    if (target.link(source, file.name, as)) return true;
    if (base != nullptr && holds(*base, file) && target.link(*base, file.name, as)) return true;
  }
  if (auto written = write_file(target, as, file.content->bytes()); !written) {
    (void)target.remove(as + ".tmp");
    return written.error();
  }
  return false;
}

}  // namespace quiver::engine
