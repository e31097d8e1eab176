#include "quiver.h"

#include <map>
#include <mutex>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "engine/repair.h"
#include "kernel/dispatch.h"
#ifndef __EMSCRIPTEN__
#include "base/thread_pool.h"
#endif

namespace quiver {

Buffer capabilities() {
  msgpack::Writer writer;
  writer.map(4);
  writer.text("version");
  writer.text(QUIVER_VERSION);
  writer.text("simd");
  writer.text(kernel::active().name);
  writer.text("simdAvailable");
  const auto tables = kernel::available();
  writer.array(static_cast<uint32_t>(tables.size()));
  for (const kernel::KernelTable* table : tables) writer.text(table->name);
  writer.text("threads");
#ifdef __EMSCRIPTEN__
  writer.integer(1);
#else
  writer.integer(hardware_threads());
#endif
  return writer.take();
}

Expected<void> create_index(store::Vfs& vfs, Bytes config) {
  const auto decoded = engine::decode_config(config);
  if (!decoded) return decoded.error();
  return engine::Collection::create(vfs, *decoded);
}

Expected<bool> index_exists(store::Vfs& vfs) { return vfs.exists(store::kManifestName); }

Expected<void> destroy_index(store::Vfs& vfs) { return engine::Collection::destroy(vfs); }

Expected<Buffer> repair_index(store::Vfs& source, const std::shared_ptr<store::Vfs>& target) {
  const auto report = engine::repair(source, target);
  if (!report) return report.error();
  return engine::encode_report(*report);
}

Expected<std::unique_ptr<engine::Session>> open_session(std::shared_ptr<store::Vfs> vfs,
                                                        Bytes options,
                                                        engine::FolderOpener open_folder) {
  // Sessions of one host on the same folder share its collection.
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<engine::Collection>> open;
  const auto decoded = engine::decode_open_options(options);
  if (!decoded) return decoded.error();
  const std::lock_guard lock(mutex);
  std::weak_ptr<engine::Collection>& known = open[std::string(vfs->describe())];
  std::shared_ptr<engine::Collection> collection = known.lock();
  // One whose index was deleted does not stand in the way of a new one.
  const auto looked = collection ? collection->refresh() : false;
  if (!collection || (!looked && looked.error().code == Code::kIndexNotFound)) {
    auto opened = engine::Collection::open(std::move(vfs), *decoded);
    if (!opened) return opened.error();
    collection = std::move(*opened);
    known = collection;
  }
  return std::make_unique<engine::Session>(std::move(collection), *decoded, std::move(open_folder));
}

}  // namespace quiver
