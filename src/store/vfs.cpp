#include "store/vfs.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace quiver::store {

namespace {

/// A piece of a file that is there as a whole.
class Piece final : public FileBytes {
 public:
  Piece(std::shared_ptr<const FileBytes> whole, Bytes bytes)
      : whole_(std::move(whole)), bytes_(bytes) {}
  [[nodiscard]] Bytes bytes() const override { return bytes_; }
  [[nodiscard]] bool is_mapped() const override { return whole_->is_mapped(); }

 private:
  std::shared_ptr<const FileBytes> whole_;
  Bytes bytes_;
};

}  // namespace

void WritableFile::reserve(uint64_t /*size*/) {}

Expected<std::shared_ptr<const FileBytes>> Vfs::read_from(std::string_view name, uint64_t from) {
  auto whole = read(name);
  if (!whole || from == 0) return whole;
  return piece_of(std::move(*whole), from, std::numeric_limits<uint64_t>::max());
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

std::shared_ptr<const FileBytes> piece_of(std::shared_ptr<const FileBytes> whole, uint64_t from,
                                          uint64_t size) {
  const Bytes bytes = whole->bytes();
  const Bytes rest = bytes.subspan(static_cast<size_t>(std::min<uint64_t>(from, bytes.size())));
  const Bytes piece = rest.first(static_cast<size_t>(std::min<uint64_t>(size, rest.size())));
  return std::make_shared<Piece>(std::move(whole), piece);
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
