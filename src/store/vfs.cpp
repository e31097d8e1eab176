#include "store/vfs.h"

#include <algorithm>
#include <string>
#include <utility>

namespace quiver::store {
namespace {

/// The end of a file that is there as a whole.
class Tail final : public FileBytes {
 public:
  Tail(std::shared_ptr<const FileBytes> whole, size_t from)
      : whole_(std::move(whole)), from_(from) {}
  [[nodiscard]] Bytes bytes() const override { return whole_->bytes().subspan(from_); }

 private:
  std::shared_ptr<const FileBytes> whole_;
  size_t from_;
};

}  // namespace

Expected<std::shared_ptr<const FileBytes>> Vfs::read_from(std::string_view name, uint64_t from) {
  auto whole = read(name);
  if (!whole || from == 0) return whole;
  const size_t size = (*whole)->bytes().size();
  return std::shared_ptr<const FileBytes>(std::make_shared<Tail>(
      std::move(*whole), static_cast<size_t>(std::min<uint64_t>(from, size))));
}

Expected<std::shared_ptr<FileReading>> Vfs::read_ahead(std::string_view /*name*/) {
  return std::shared_ptr<FileReading>();
}

Expected<uint64_t> Vfs::modified_ms(std::string_view name) {
  return Error{Code::kIoError, "Nobody knows when " + std::string(name) + " was written"};
}

bool Vfs::link(const Vfs& /*from*/, std::string_view /*name*/, std::string_view /*as*/) {
  return false;
}

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
