#include "support/held_files_vfs.h"

#include <map>
#include <mutex>
#include <utility>

#include "support/forwarding_vfs.h"

namespace quiver::test {
namespace {

using store::FileBytes;

/// Another owner of the same content, so that the file counts as read until the last is gone.
class HeldBytes final : public FileBytes {
 public:
  explicit HeldBytes(std::shared_ptr<const FileBytes> content) : content_(std::move(content)) {}
  [[nodiscard]] Bytes bytes() const override { return content_->bytes(); }

 private:
  std::shared_ptr<const FileBytes> content_;
};

class HeldFilesVfs final : public ForwardingVfs {
 public:
  using ForwardingVfs::ForwardingVfs;

  Expected<std::unique_ptr<store::WritableFile>> create(std::string_view name) override {
    if (auto free = check_free(name); !free) return free.error();
    return inner_->create(name);
  }

  Expected<std::shared_ptr<const FileBytes>> read(std::string_view name) override {
    auto content = inner_->read(name);
    if (!content) return content;
    std::shared_ptr<const FileBytes> held = std::make_shared<HeldBytes>(std::move(*content));
    const std::lock_guard lock(mutex_);
    readers_.emplace(name, held);
    return held;
  }

  Expected<void> rename(std::string_view from, std::string_view to) override {
    for (const std::string_view name : {from, to}) {
      if (auto free = check_free(name); !free) return free;
    }
    return inner_->rename(from, to);
  }

  Expected<void> remove(std::string_view name) override {
    if (auto free = check_free(name); !free) return free;
    return inner_->remove(name);
  }

 private:
  Expected<void> check_free(std::string_view name) {
    const std::lock_guard lock(mutex_);
    std::erase_if(readers_, [](const auto& reader) { return reader.second.expired(); });
    if (readers_.find(name) == readers_.end()) return {};
    return Error{Code::kPermissionDenied, std::string(name) + " is being read"};
  }

  std::mutex mutex_;  // guards the readers
  std::multimap<std::string, std::weak_ptr<const FileBytes>, std::less<>> readers_;
};

}  // namespace

std::shared_ptr<store::Vfs> held_files_vfs(std::shared_ptr<store::Vfs> inner) {
  return std::make_shared<HeldFilesVfs>(std::move(inner));
}

}  // namespace quiver::test
