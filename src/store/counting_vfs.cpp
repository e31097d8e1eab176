#include "store/counting_vfs.h"

#include <utility>

namespace quiver::store {
namespace {

void add(std::atomic<uint64_t>& counter, uint64_t amount) {
  counter.fetch_add(amount, std::memory_order_relaxed);
}

class CountingFile final : public WritableFile {
 public:
  CountingFile(std::unique_ptr<WritableFile> inner, IoCounts& counts)
      : inner_(std::move(inner)), counts_(counts) {}

  Expected<void> append(Bytes bytes) override {
    auto written = inner_->append(bytes);
    if (written) {
      add(counts_.writes, 1);
      add(counts_.bytes_written, bytes.size());
    }
    return written;
  }

  void reserve(uint64_t size) override { inner_->reserve(size); }

  Expected<void> sync() override {
    auto synced = inner_->sync();
    if (synced) add(counts_.syncs, 1);
    return synced;
  }

 private:
  std::unique_ptr<WritableFile> inner_;
  IoCounts& counts_;
};

}  // namespace

Expected<std::unique_ptr<WritableFile>> CountingVfs::create(std::string_view name) {
  auto file = inner_.create(name);
  if (!file) return file;
  return std::unique_ptr<WritableFile>(std::make_unique<CountingFile>(std::move(*file), counts_));
}

Expected<std::shared_ptr<const FileBytes>> CountingVfs::read(std::string_view name) {
  return counted(inner_.read(name));
}

Expected<std::shared_ptr<const FileBytes>> CountingVfs::read_from(std::string_view name,
                                                                  uint64_t from) {
  return counted(inner_.read_from(name, from));
}

Expected<void> CountingVfs::create_exclusive(std::string_view name, Bytes content) {
  auto created = inner_.create_exclusive(name, content);
  if (created) {
    add(counts_.writes, 1);
    add(counts_.bytes_written, content.size());
  }
  return created;
}

Expected<void> CountingVfs::sync_file(std::string_view name) {
  return counted_sync(inner_.sync_file(name));
}

Expected<void> CountingVfs::sync_folder() { return counted_sync(inner_.sync_folder()); }

Expected<std::shared_ptr<const FileBytes>> CountingVfs::counted(
    Expected<std::shared_ptr<const FileBytes>> content) {
  if (!content) return content;
  add(counts_.reads, 1);
  add((*content)->is_mapped() ? counts_.bytes_mapped : counts_.bytes_read,
      (*content)->bytes().size());
  return content;
}

Expected<void> CountingVfs::counted_sync(Expected<void> synced) {
  if (synced) add(counts_.syncs, 1);
  return synced;
}

}  // namespace quiver::store
