#include "support/fault_vfs.h"

#include <algorithm>
#include <utility>

#include "support/forwarding_vfs.h"

namespace quiver::test {
namespace {

constexpr size_t kSectorBytes = 512;

Error missing(std::string_view name) {
  return Error{Code::kMissingFile, "Cannot open " + std::string(name) + ": no such file"};
}

class Content final : public store::FileBytes {
 public:
  explicit Content(Buffer content) : content_(std::move(content)) {}
  [[nodiscard]] Bytes bytes() const override { return content_; }

 private:
  Buffer content_;
};

/// What of a file may be on the platter: all that was synced, and some of the rest.
Buffer survivor(const Buffer& content, size_t synced, std::mt19937& random) {
  const size_t unsynced = content.size() - synced;
  if (unsynced == 0 || random() % 4 == 0) return content;
  Buffer kept(content.begin(), content.begin() + static_cast<ptrdiff_t>(synced));
  if (random() % 3 == 0) return kept;
  kept = content;
  kept.resize(synced + random() % (unsynced + 1));
  if (random() % 2 == 0) return kept;
  // Written out of order: sectors in between are missing.
  for (size_t from = synced; from < kept.size();) {
    const size_t end = std::min(kept.size(), (from / kSectorBytes + 1) * kSectorBytes);
    if (random() % 3 == 0)
      std::fill(kept.begin() + static_cast<ptrdiff_t>(from),
                kept.begin() + static_cast<ptrdiff_t>(end), uint8_t{0});
    from = end;
  }
  return kept;
}

}  // namespace

std::shared_ptr<store::MemoryDisk> FaultDisk::after_power_cut(uint32_t seed) const {
  std::mt19937 random(static_cast<uint32_t>(seed * 1000003 + operations));
  Folder folder = platter_;
  // Seed 0 loses all that it may, seed 1 nothing; the others some, in order or not.
  const size_t prefix = random() % (changes_.size() + 1);
  const bool in_order = random() % 2 == 0;
  for (size_t i = 0; i < changes_.size(); ++i) {
    const bool kept = seed == 1 || (seed != 0 && (in_order ? i < prefix : random() % 2 == 0));
    if (!kept) continue;
    for (const auto& [name, file] : changes_[i]) {
      if (file) {
        folder[name] = file;
      } else {
        folder.erase(name);
      }
    }
  }
  auto disk = std::make_shared<store::MemoryDisk>();
  for (const auto& [name, file] : folder) {
    Buffer content = file->content;
    if (seed == 0) content.resize(file->synced);
    if (seed > 1) content = survivor(file->content, file->synced, random);
    // What was made longer for good has zeros where nothing was written.
    content.resize(std::max(content.size(), file->synced_size));
    disk->files[name] = std::make_shared<const Buffer>(std::move(content));
  }
  return disk;
}

std::shared_ptr<store::MemoryDisk> FaultDisk::as_seen() const {
  auto disk = std::make_shared<store::MemoryDisk>();
  for (const auto& [name, file] : seen_) {
    disk->files[name] = std::make_shared<const Buffer>(file->content);
  }
  return disk;
}

Expected<void> FaultDisk::begin(const std::string& what, const std::function<void()>& partly) {
  ++operations;
  if (plan.cut_at != 0 && operations >= plan.cut_at) {
    if (operations == plan.cut_at && partly) partly();
    return Error{Code::kIoError, "Cannot " + what + ": the power is off"};
  }
  if (operations == plan.fail_at) {
    if (partly) partly();
    return Error{plan.failure, "Cannot " + what + ": injected"};
  }
  return {};
}

void FaultDisk::change(Change change) {
  for (const auto& [name, file] : change) {
    if (file) {
      seen_[name] = file;
    } else {
      seen_.erase(name);
    }
  }
  changes_.push_back(std::move(change));
}

class FaultFile final : public store::WritableFile {
 public:
  FaultFile(std::shared_ptr<FaultDisk> disk, std::shared_ptr<FaultDisk::File> file,
            std::string name)
      : disk_(std::move(disk)), file_(std::move(file)), name_(std::move(name)) {}

  Expected<void> append(Bytes bytes) override {
    const auto write = [&](size_t size) {
      file_->content.resize(std::max(file_->content.size(), file_->written + size));
      std::copy(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size),
                file_->content.begin() + static_cast<ptrdiff_t>(file_->written));
      file_->written += size;
    };
    // A write that fails has been done in part.
    if (auto begun = disk_->begin("write " + name_, [&] { write(bytes.size() / 2); }); !begun) {
      return begun;
    }
    write(bytes.size());
    return {};
  }

  void reserve(uint64_t size) override {
    if (!disk_->begin("reserve room for " + name_)) return;
    file_->content.resize(std::max<size_t>(file_->content.size(), size));
  }

  Expected<void> sync() override {
    if (failed_) return Error{Code::kIoError, "Cannot sync " + name_ + ": it failed before"};
    if (auto begun = disk_->begin("sync " + name_); !begun) {
      failed_ = true;
      return begun;
    }
    file_->synced = file_->written;
    file_->synced_size = file_->content.size();
    return {};
  }

 private:
  std::shared_ptr<FaultDisk> disk_;
  std::shared_ptr<FaultDisk::File> file_;
  std::string name_;
  bool failed_ = false;
};

class FaultVfs final : public store::Vfs {
 public:
  explicit FaultVfs(std::shared_ptr<FaultDisk> disk) : disk_(std::move(disk)) {}

  [[nodiscard]] std::string_view describe() const override { return "fault"; }
  // As a disk would; what is read is the same either way.
  [[nodiscard]] bool maps_files() const override { return true; }

  Expected<std::unique_ptr<store::WritableFile>> create(std::string_view name) override {
    auto file = std::make_shared<FaultDisk::File>();
    const auto add = [&] { disk_->change({{std::string(name), file}}); };
    if (auto begun = disk_->begin("create " + std::string(name), add); !begun) {
      return begun.error();
    }
    add();
    return std::unique_ptr<store::WritableFile>(
        std::make_unique<FaultFile>(disk_, file, std::string(name)));
  }

  Expected<std::shared_ptr<const store::FileBytes>> read(std::string_view name) override {
    if (auto begun = disk_->begin("read " + std::string(name)); !begun) return begun.error();
    const auto file = disk_->seen_.find(name);
    if (file == disk_->seen_.end()) return missing(name);
    return std::shared_ptr<const store::FileBytes>(
        std::make_shared<Content>(file->second->content));
  }

  Expected<uint64_t> size(std::string_view name) override {
    if (auto begun = disk_->begin("look at " + std::string(name)); !begun) return begun.error();
    const auto file = disk_->seen_.find(name);
    if (file == disk_->seen_.end()) return missing(name);
    return uint64_t{file->second->content.size()};
  }

  Expected<bool> exists(std::string_view name) override {
    if (auto begun = disk_->begin("look for " + std::string(name)); !begun) return begun.error();
    return disk_->seen_.find(name) != disk_->seen_.end();
  }

  Expected<std::vector<std::string>> list() override {
    if (auto begun = disk_->begin("list the folder"); !begun) return begun.error();
    std::vector<std::string> names;
    for (const auto& [name, file] : disk_->seen_) names.push_back(name);
    return names;
  }

  Expected<void> rename(std::string_view from, std::string_view to) override {
    const auto file = disk_->seen_.find(from);
    if (file == disk_->seen_.end()) return missing(from);
    const auto move = [&, moved = file->second] {
      disk_->change({{std::string(from), nullptr}, {std::string(to), moved}});
    };
    if (auto begun = disk_->begin("rename " + std::string(from)); !begun) return begun;
    move();
    return {};
  }

  Expected<void> remove(std::string_view name) override {
    if (auto begun = disk_->begin("remove " + std::string(name)); !begun) return begun;
    if (disk_->seen_.find(name) == disk_->seen_.end()) return missing(name);
    disk_->change({{std::string(name), nullptr}});
    return {};
  }

  Expected<void> create_exclusive(std::string_view name, Bytes content) override {
    if (auto begun = disk_->begin("create " + std::string(name)); !begun) return begun;
    if (disk_->seen_.find(name) != disk_->seen_.end()) {
      return Error{Code::kLocked, std::string(name) + " exists"};
    }
    auto file = std::make_shared<FaultDisk::File>();
    file->content.assign(content.begin(), content.end());
    file->written = file->synced = file->synced_size = content.size();
    disk_->change({{std::string(name), file}});
    return {};
  }

  Expected<void> sync_file(std::string_view name) override {
    if (auto begun = disk_->begin("sync " + std::string(name)); !begun) return begun;
    const auto file = disk_->seen_.find(name);
    if (file == disk_->seen_.end()) return missing(name);
    file->second->synced = file->second->written;
    file->second->synced_size = file->second->content.size();
    return {};
  }

  Expected<void> sync_folder() override {
    if (auto begun = disk_->begin("sync the folder"); !begun) return begun;
    disk_->platter_ = disk_->seen_;
    disk_->changes_.clear();
    return {};
  }

  Expected<void> make_folder() override { return disk_->begin("make the folder"); }
  Expected<void> remove_folder_if_empty() override { return {}; }
  store::Owner current_owner() override { return {1, "before", "here"}; }
  bool is_alive(const store::Owner& owner) override { return owner.start == "before"; }

 private:
  std::shared_ptr<FaultDisk> disk_;
};

namespace {

/// Another process.
class LaterVfs final : public ForwardingVfs {
 public:
  using ForwardingVfs::ForwardingVfs;
  store::Owner current_owner() override { return {2, "after", "here"}; }
  bool is_alive(const store::Owner& owner) override { return owner.start == "after"; }
};

}  // namespace

std::shared_ptr<store::Vfs> fault_vfs(std::shared_ptr<FaultDisk> disk) {
  return std::make_shared<FaultVfs>(std::move(disk));
}

std::shared_ptr<store::Vfs> vfs_after_death(std::shared_ptr<store::MemoryDisk> disk) {
  return std::make_shared<LaterVfs>(store::memory_vfs(std::move(disk)));
}

}  // namespace quiver::test
