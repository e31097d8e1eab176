#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/vfs.h"

namespace quiver::test {

/// Passes everything on to another one: the base of those that change some of it.
class ForwardingVfs : public store::Vfs {
 public:
  explicit ForwardingVfs(std::shared_ptr<store::Vfs> inner) : inner_(std::move(inner)) {}

  [[nodiscard]] bool maps_files() const override { return inner_->maps_files(); }
  [[nodiscard]] std::string_view describe() const override { return inner_->describe(); }
  Expected<std::unique_ptr<store::WritableFile>> create(std::string_view name) override {
    return inner_->create(name);
  }
  Expected<std::shared_ptr<const store::FileBytes>> read(std::string_view name) override {
    return inner_->read(name);
  }
  Expected<uint64_t> size(std::string_view name) override { return inner_->size(name); }
  Expected<bool> exists(std::string_view name) override { return inner_->exists(name); }
  Expected<uint64_t> modified_ms(std::string_view name) override {
    return inner_->modified_ms(name);
  }
  Expected<std::vector<std::string>> list() override { return inner_->list(); }
  Expected<void> rename(std::string_view from, std::string_view to) override {
    return inner_->rename(from, to);
  }
  Expected<void> remove(std::string_view name) override { return inner_->remove(name); }
  Expected<void> create_exclusive(std::string_view name, Bytes content) override {
    return inner_->create_exclusive(name, content);
  }
  Expected<void> sync_file(std::string_view name) override { return inner_->sync_file(name); }
  Expected<void> sync_folder() override { return inner_->sync_folder(); }
  Expected<void> make_folder() override { return inner_->make_folder(); }
  Expected<void> remove_folder_if_empty() override { return inner_->remove_folder_if_empty(); }
  store::Owner current_owner() override { return inner_->current_owner(); }
  bool is_alive(const store::Owner& owner) override { return inner_->is_alive(owner); }

 protected:
  std::shared_ptr<store::Vfs> inner_;
};

}  // namespace quiver::test
