#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/vfs.h"

namespace quiver::store {

/// What went through a file system. Any number of threads count.
struct IoCounts {
  std::atomic<uint64_t> reads{0};         ///< files, or ends of files, that were asked for
  std::atomic<uint64_t> bytes_read{0};    ///< of them, what came into memory at once
  std::atomic<uint64_t> bytes_mapped{0};  ///< and what comes into memory by use, or never
  std::atomic<uint64_t> writes{0};        ///< calls that hand bytes to the system
  std::atomic<uint64_t> bytes_written{0};
  std::atomic<uint64_t> syncs{0};  ///< of files and folders
};

/// Another one, with what goes through counted. Calls that fail are not; neither are those about
/// names alone (renaming, listing and the like). `inner` and `counts` live longer than this and the
/// files that are written through it.
class CountingVfs final : public Vfs {
 public:
  CountingVfs(Vfs& inner, IoCounts& counts) : inner_(inner), counts_(counts) {}

  [[nodiscard]] bool maps_files() const override { return inner_.maps_files(); }
  [[nodiscard]] std::string_view describe() const override { return inner_.describe(); }
  Expected<std::unique_ptr<WritableFile>> create(std::string_view name) override;
  Expected<std::shared_ptr<const FileBytes>> read(std::string_view name) override;
  Expected<std::shared_ptr<const FileBytes>> read_from(std::string_view name,
                                                       uint64_t from) override;
  Expected<std::shared_ptr<FileReading>> read_ahead(std::string_view name) override {
    return inner_.read_ahead(name);  // it is read() that gives what was read
  }
  Expected<uint64_t> size(std::string_view name) override { return inner_.size(name); }
  Expected<bool> exists(std::string_view name) override { return inner_.exists(name); }
  Expected<uint64_t> modified_ms(std::string_view name) override {
    return inner_.modified_ms(name);
  }
  Expected<std::vector<std::string>> list() override { return inner_.list(); }
  Expected<void> rename(std::string_view from, std::string_view to) override {
    return inner_.rename(from, to);
  }
  Expected<void> remove(std::string_view name) override { return inner_.remove(name); }
  bool link(const Vfs& from, std::string_view name, std::string_view as) override {
    return inner_.link(from, name, as);
  }
  Expected<void> create_exclusive(std::string_view name, Bytes content) override;
  Expected<void> sync_file(std::string_view name) override;
  Expected<void> sync_folder() override;
  Expected<void> make_folder() override { return inner_.make_folder(); }
  Expected<void> remove_folder_if_empty() override { return inner_.remove_folder_if_empty(); }
  Owner current_owner() override { return inner_.current_owner(); }
  bool is_alive(const Owner& owner) override { return inner_.is_alive(owner); }

 private:
  Expected<std::shared_ptr<const FileBytes>> counted(
      Expected<std::shared_ptr<const FileBytes>> content);
  Expected<void> counted_sync(Expected<void> synced);

  Vfs& inner_;
  IoCounts& counts_;
};

}  // namespace quiver::store
