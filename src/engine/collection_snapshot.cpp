// Copies of a collection that are indexes of their own.

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/collection.h"
#include "store/file_names.h"
#include "store/segment_file.h"

namespace quiver::engine {
namespace {

/// A file as it was when the snapshot was taken; its content stays even if its name goes.
struct SourceFile {
  std::string name;
  std::shared_ptr<const store::FileBytes> content;
  bool may_grow = false;  // the log that is written to: copied as far as it went
};

Expected<void> write_file(store::Vfs& target, const std::string& name, Bytes content) {
  auto file = target.create(name);
  if (!file) return file.error();
  constexpr size_t kPiece = size_t{1} << 22;
  while (!content.empty()) {
    const Bytes piece = content.first(std::min(content.size(), kPiece));
    if (auto written = (*file)->append(piece); !written) return written;
    content = content.subspan(piece.size());
  }
  return (*file)->sync();
}

/// Whether `base` has the very same file.
bool holds(store::Vfs& base, const SourceFile& file) {
  if (!store::segment_file_number(file.name)) return false;
  const auto other = base.read(file.name);
  return other && store::same_segment((*other)->bytes(), file.content->bytes());
}

/// Puts a file into the target; whether that took no copying.
Expected<bool> place(store::Vfs& target, const store::Vfs& source, store::Vfs* base,
                     const SourceFile& file) {
  if (!file.may_grow) {
    if (target.link(source, file.name)) return true;
    if (base != nullptr && holds(*base, file) && target.link(*base, file.name)) return true;
  }
  if (auto written = write_file(target, file.name, file.content->bytes()); !written) {
    return written.error();
  }
  return false;
}

}  // namespace

Expected<SnapshotCounts> Collection::snapshot(store::Vfs& target, store::Vfs* base) {
  const auto exists = target.exists(store::kManifestName);
  if (!exists) return exists.error();
  if (*exists) {
    return Error{Code::kIndexExists, "Index already exists in " + std::string(target.describe())};
  }
  store::Manifest manifest;
  std::vector<SourceFile> files;
  {
    const std::lock_guard lock(writer_mutex_);
    if (closed_) return Error{Code::kClosed, "The index is closed"};
    if (failure_) return *failure_;
    if (!lock_) {
      if (auto read = read_changes(); !read) return read.error();
    }
    manifest = manifest_of(state_);
    std::vector<std::string> names;
    for (const PartState& part : state_.parts) {
      if (part.segment_number != 0) names.push_back(store::segment_file_name(part.segment_number));
    }
    const auto logs = log_numbers(*vfs_, state_.first_log);
    if (!logs) return logs.error();
    for (const uint64_t number : *logs) names.push_back(store::log_file_name(number));
    for (const std::string& name : names) {
      auto content = vfs_->read(name);
      if (!content) return content.error();
      files.push_back({name, std::move(*content), name == names.back()});
    }
  }
  // An index of its own: whoever follows this one must not take the copy for it.
  std::random_device random;
  manifest.index = uint64_t{random()} << 32 | random();

  if (auto made = target.make_folder(); !made) return made.error();
  SnapshotCounts counts;
  const auto fill = [&]() -> Expected<void> {
    for (const SourceFile& file : files) {
      const auto linked = place(target, *vfs_, base, file);
      if (!linked) return linked.error();
      ++counts.files;
      if (*linked) {
        ++counts.linked;
      } else {
        counts.bytes_copied += file.content->bytes().size();
      }
    }
    // The names of the files are on the disk before the manifest that names them.
    if (auto synced = target.sync_folder(); !synced) return synced;
    return store::write_manifest(target, manifest);
  };
  if (auto filled = fill(); !filled) {
    // Without a manifest it is no index; what cannot be removed either is harmless then.
    (void)target.remove(store::kManifestName);
    for (const SourceFile& file : files) (void)target.remove(file.name);
    return filled.error();
  }
  ++counts.files;
  return counts;
}

}  // namespace quiver::engine
