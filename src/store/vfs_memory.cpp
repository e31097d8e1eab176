#include "store/vfs_memory.h"

#include <algorithm>
#include <utility>

namespace quiver::store {
namespace {

Error missing(std::string_view name) {
  return Error{Code::kMissingFile, "Cannot open " + std::string(name) + ": no such file"};
}

class MemoryFile final : public WritableFile {
 public:
  MemoryFile(std::shared_ptr<MemoryDisk> disk, std::string name)
      : disk_(std::move(disk)), name_(std::move(name)) {}

  Expected<void> append(Bytes bytes) override {
    // Published anew each time: whoever reads the file keeps what it was then.
    content_.resize(std::max(content_.size(), end_ + bytes.size()));
    std::copy(bytes.begin(), bytes.end(), content_.begin() + static_cast<ptrdiff_t>(end_));
    end_ += bytes.size();
    changed_ = true;
    return publish();
  }

  void reserve(uint64_t size) override {
    content_.resize(std::max<size_t>(content_.size(), size));
    changed_ = true;
  }

  Expected<void> sync() override { return publish(); }

 private:
  Expected<void> publish() {
    if (!changed_) return {};
    const std::lock_guard lock(disk_->mutex);
    disk_->files[name_] = std::make_shared<const Buffer>(content_);
    changed_ = false;
    return {};
  }

  std::shared_ptr<MemoryDisk> disk_;
  std::string name_;
  Buffer content_;
  size_t end_ = 0;  // of what was appended
  bool changed_ = false;
};

class MemoryBytes final : public FileBytes {
 public:
  explicit MemoryBytes(std::shared_ptr<const Buffer> content) : content_(std::move(content)) {}
  [[nodiscard]] Bytes bytes() const override { return *content_; }

 private:
  std::shared_ptr<const Buffer> content_;
};

class MemoryVfs final : public Vfs {
 public:
  explicit MemoryVfs(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}

  [[nodiscard]] std::string_view describe() const override { return "memory"; }

  Expected<std::unique_ptr<WritableFile>> create(std::string_view name) override {
    const std::lock_guard lock(disk_->mutex);
    disk_->files[std::string(name)] = std::make_shared<const Buffer>();
    return std::unique_ptr<WritableFile>(std::make_unique<MemoryFile>(disk_, std::string(name)));
  }

  Expected<std::shared_ptr<const FileBytes>> read(std::string_view name) override {
    const std::lock_guard lock(disk_->mutex);
    const auto file = disk_->files.find(name);
    if (file == disk_->files.end()) return missing(name);
    return std::shared_ptr<const FileBytes>(std::make_shared<MemoryBytes>(file->second));
  }

  Expected<uint64_t> size(std::string_view name) override {
    const std::lock_guard lock(disk_->mutex);
    const auto file = disk_->files.find(name);
    if (file == disk_->files.end()) return missing(name);
    return uint64_t{file->second->size()};
  }

  Expected<bool> exists(std::string_view name) override {
    const std::lock_guard lock(disk_->mutex);
    return disk_->files.find(name) != disk_->files.end();
  }

  Expected<std::vector<std::string>> list() override {
    const std::lock_guard lock(disk_->mutex);
    std::vector<std::string> names;
    for (const auto& [name, content] : disk_->files) names.push_back(name);
    return names;
  }

  Expected<void> rename(std::string_view from, std::string_view to) override {
    const std::lock_guard lock(disk_->mutex);
    const auto file = disk_->files.find(from);
    if (file == disk_->files.end()) return missing(from);
    const auto content = file->second;
    disk_->files.erase(file);
    disk_->files[std::string(to)] = content;
    return {};
  }

  Expected<void> remove(std::string_view name) override {
    const std::lock_guard lock(disk_->mutex);
    const auto file = disk_->files.find(name);
    if (file == disk_->files.end()) return missing(name);
    disk_->files.erase(file);
    return {};
  }

  Expected<void> create_exclusive(std::string_view name, Bytes content) override {
    const std::lock_guard lock(disk_->mutex);
    const bool is_new = disk_->files
                            .try_emplace(std::string(name), std::make_shared<const Buffer>(
                                                                content.begin(), content.end()))
                            .second;
    if (!is_new) return Error{Code::kLocked, std::string(name) + " exists"};
    return {};
  }

  Expected<void> sync_file(std::string_view name) override {
    const std::lock_guard lock(disk_->mutex);
    if (disk_->files.find(name) == disk_->files.end()) return missing(name);
    return {};
  }
  Expected<void> sync_folder() override { return {}; }
  Expected<void> make_folder() override { return {}; }
  Expected<void> remove_folder_if_empty() override { return {}; }
  Owner current_owner() override { return {1, "", "memory"}; }
  bool is_alive(const Owner& /*owner*/) override { return true; }

 private:
  std::shared_ptr<MemoryDisk> disk_;
};

}  // namespace

std::shared_ptr<Vfs> memory_vfs(std::shared_ptr<MemoryDisk> disk) {
  return std::make_shared<MemoryVfs>(std::move(disk));
}

}  // namespace quiver::store
