// Copies of a collection that are indexes of their own.

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/collection.h"
#include "engine/place_file.h"
#include "store/file_names.h"

namespace quiver::engine {
/// Every file of `state_` but the manifest. They stay readable when a merge removes them.
Expected<std::vector<SourceFile>> Collection::open_files() {
  store::Vfs& vfs = disk(DiskUse::kSnapshot);
  std::vector<std::string> names;
  for (const PartState& part : state_.parts) {
    if (part.segment_number != 0) names.push_back(store::segment_file_name(part.segment_number));
  }
  std::vector<SourceFile> files;
  for (const std::string& name : names) {
    auto content = vfs.read(name);
    if (!content) return content.error();
    files.push_back({name, std::move(*content)});
  }
  auto logs = open_logs(DiskUse::kSnapshot);
  if (!logs) return logs.error();
  for (OpenedLog& log : *logs) {
    if (!log.content) return log.content.error();
    const bool may_grow = &log == &logs->back();
    files.push_back({store::log_file_name(log.number), std::move(*log.content), may_grow});
  }
  return files;
}

Expected<SnapshotCounts> Collection::snapshot(store::Vfs& folder, store::Vfs* base) {
  store::CountingVfs target(folder, metrics_.disk[static_cast<size_t>(DiskUse::kSnapshot)]);
  const auto exists = target.exists(store::kManifestName);
  if (!exists) return exists.error();
  if (*exists) {
    return Error{Code::kIndexExists, "Index already exists in " + std::string(target.describe())};
  }
  // What a snapshot that was cut short left would be taken for this one's; and it may be what is
  // left of an index that lost its manifest.
  const auto there = target.list();
  if (!there) return there.error();
  for (const std::string& name : *there) {
    if (!store::log_file_number(name) && !store::segment_file_number(name)) continue;
    return Error{Code::kIndexExists, "Files of an index are in " + std::string(target.describe()) +
                                         " (" + name + "): take another folder or remove them"};
  }
  store::Manifest manifest;
  Expected<std::vector<SourceFile>> files = std::vector<SourceFile>();
  {
    const auto lock = lock_writer();
    if (closed_) return Error{Code::kClosed, "The index is closed"};
    if (failure_) return *failure_;
    const auto read = see_newest([&] {
      manifest = manifest_of(state_);
      files = open_files();
      return files || files.error().code != Code::kMissingFile;
    });
    if (!read) return read.error();
  }
  if (!files) return files.error();
  for (const SourceFile& file : *files) {
    for (const auto number :
         {store::log_file_number(file.name), store::segment_file_number(file.name)}) {
      // Only who has the lock keeps account of them.
      if (number) manifest.next_file_number = std::max(manifest.next_file_number, *number + 1);
    }
  }
  // An index of its own: whoever follows this one must not take the copy for it.
  std::random_device random;
  manifest.index = uint64_t{random()} << 32 | random();

  if (auto made = target.make_folder(); !made) return made.error();
  SnapshotCounts counts;
  const auto fill = [&]() -> Expected<void> {
    for (const SourceFile& file : *files) {
      const auto linked = place_file(target, file.name, *vfs_, base, file);
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
    for (const SourceFile& file : *files) (void)target.remove(file.name);
    return filled.error();
  }
  ++counts.files;
  return counts;
}

}  // namespace quiver::engine
