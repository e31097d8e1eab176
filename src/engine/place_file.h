#pragma once

#include <memory>
#include <string>

#include "base/expected.h"
#include "store/vfs.h"

namespace quiver::engine {

/// A file as it was when it was opened; its content stays even if its name goes.
struct SourceFile {
  std::string name;
  std::shared_ptr<const store::FileBytes> content;
  bool may_grow = false;  ///< the log that is written to: copied as far as its content goes
};

/// Puts a file of `source` into `target` under the name `as`: by a link where the file system has
/// them, from there or from the same file in `base` (null: none), else as a copy. Whether it took
/// no copying. What had the name in the target is replaced and not written to: it may be a link
/// too.
Expected<bool> place_file(store::Vfs& target, const std::string& as, const store::Vfs& source,
                          store::Vfs* base, const SourceFile& file);

}  // namespace quiver::engine
