// What the handles of one process share.

#include "engine/shared_collection.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include "store/vfs_memory.h"
#include "support/batches.h"
#include "support/forwarding_vfs.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;

/// Tells when files are read and synced.
class WatchedVfs final : public test::ForwardingVfs {
 public:
  using ForwardingVfs::ForwardingVfs;

  std::function<void(std::string_view)> on_read = [](std::string_view) {};
  std::function<void(std::string_view)> on_sync = [](std::string_view) {};

  Expected<std::shared_ptr<const store::FileBytes>> read(std::string_view name) override {
    on_read(name);
    return inner_->read(name);
  }
  Expected<std::unique_ptr<store::WritableFile>> create(std::string_view name) override {
    auto file = inner_->create(name);
    if (!file) return file.error();
    return std::unique_ptr<store::WritableFile>(
        std::make_unique<File>(std::move(*file), *this, std::string(name)));
  }

 private:
  class File final : public store::WritableFile {
   public:
    File(std::unique_ptr<store::WritableFile> inner, WatchedVfs& owner, std::string name)
        : inner_(std::move(inner)), owner_(owner), name_(std::move(name)) {}
    Expected<void> append(Bytes bytes) override { return inner_->append(bytes); }
    Expected<void> sync() override {
      owner_.on_sync(name_);
      return inner_->sync();
    }

   private:
    std::unique_ptr<store::WritableFile> inner_;
    WatchedVfs& owner_;
    std::string name_;
  };
};

std::shared_ptr<WatchedVfs> made_index() {
  auto vfs = std::make_shared<WatchedVfs>(store::memory_vfs(std::make_shared<store::MemoryDisk>()));
  Config config;
  config.metric = Metric::kL2;
  EXPECT_TRUE(Collection::create(*vfs, config));
  return vfs;
}

TEST(SharedCollection, OfADeletedIndexCanBeClosedWhileTheFolderIsOpenedAnew) {
  const auto vfs = made_index();
  auto first = *SharedCollection::open("deleted", vfs, {});
  ASSERT_TRUE(Collection::destroy(*vfs));
  std::atomic<bool> is_looking{false};
  vfs->on_read = [&](std::string_view name) {
    if (name == "manifest" && !is_looking.exchange(true)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  };
  std::thread opener([&] {
    EXPECT_EQ(SharedCollection::open("deleted", vfs, {}).error().code, Code::kIndexNotFound);
  });
  while (!is_looking) std::this_thread::yield();
  first.reset();  // the last reference is now the opener's
  opener.join();
}

TEST(SharedCollection, SyncsWhatAsyncAcknowledgedWhileAGraphIsBuilt) {
  const auto vfs = made_index();
  std::atomic<int> done{0};
  std::atomic<bool> is_late{false};
  std::atomic<bool> is_synced{false};
  vfs->on_sync = [&](std::string_view name) {
    if (is_late && name.starts_with("log-")) is_synced = true;
  };
  OpenOptions options;
  options.seal_threshold = 2000;
  options.durability = Durability::kAsync;
  const auto shared = *SharedCollection::open("async", vfs, options);
  const auto session = std::make_shared<Session>(shared->collection(), options, nullptr);
  const auto write = [&](const BatchMaker& batch) {
    ByteWriter request;
    request.put<uint32_t>(16);
    request.put_bytes(batch.encode());
    const int before = done;
    shared->write(session, request.take(), [&](Expected<Buffer> response) {
      EXPECT_TRUE(response);
      ++done;
    });
    while (done == before) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  std::mt19937 random(1);
  BatchMaker rows(64);
  for (int i = 0; i < 6000; ++i) rows.insert(std::to_string(i), test::random_vector(random, 64));
  write(rows);
  const auto is_building = [&] {
    const auto statistics = shared->collection()->statistics(options.durability);
    return msgpack::Value(*statistics).find_path("maintenance.done")->whole() > 10;
  };
  while (!is_building()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  is_late = true;
  write(BatchMaker(64).insert("late", std::vector<float>(64, 1)));
  while (!is_synced) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(is_building()) << "only after the graph was built";
}

}  // namespace
}  // namespace quiver::engine
