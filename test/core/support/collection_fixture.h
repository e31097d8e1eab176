#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "engine/searcher.h"
#include "store/vfs_memory.h"
#include "support/batches.h"
#include "support/forwarding_vfs.h"

namespace quiver::test {

/// Called with the name of a file.
using FileHook = std::function<void(std::string_view name)>;

/// Tells before it reads.
class TellingVfs final : public ForwardingVfs {
 public:
  TellingVfs(std::shared_ptr<store::Vfs> inner, std::shared_ptr<const FileHook> before_read)
      : ForwardingVfs(std::move(inner)), before_read_(std::move(before_read)) {}

  Expected<std::shared_ptr<const store::FileBytes>> read(std::string_view name) override {
    if (*before_read_) (*before_read_)(name);
    return inner_->read(name);
  }

 private:
  std::shared_ptr<const FileHook> before_read_;
};

/// A collection in memory that can be closed and opened again, and what tests do with it.
class CollectionFixture {
 public:
  explicit CollectionFixture(Metric metric = Metric::kL2, uint32_t seal_threshold = 0) {
    engine::Config config;
    config.metric = metric;
    config.graph = {8, 60};
    options_.seal_threshold = seal_threshold;
    auto vfs = store::memory_vfs(disk_);
    EXPECT_TRUE(engine::Collection::create(*vfs, config));
    open();
  }

  /// What a disk holds.
  explicit CollectionFixture(std::shared_ptr<store::MemoryDisk> disk) : disk_(std::move(disk)) {
    open();
  }

  /// Another process on the same disk.
  CollectionFixture(const CollectionFixture& other, engine::OpenOptions options)
      : disk_(other.disk_), options_(options) {
    open();
  }

  void open() {
    const auto vfs = std::make_shared<TellingVfs>(store::memory_vfs(disk_), before_read_);
    auto opened = engine::Collection::open(vfs, options_);
    ASSERT_TRUE(opened) << opened.error().message;
    collection_ = std::move(*opened);
  }

  /// What happens from here on before the collection reads a whole file.
  void before_read(FileHook hook) { *before_read_ = std::move(hook); }

  void reopen() {
    collection_.reset();
    open();
  }

  Expected<engine::WriteCounts> commit(const BatchMaker& batch) {
    engine::Transaction transaction;
    if (auto added = transaction.add(batch.encode()); !added) return added.error();
    engine::Transaction* const transactions[] = {&transaction};
    Expected<engine::WriteCounts> results[] = {engine::WriteCounts{}};
    collection_->commit(transactions, results);
    return results[0];
  }

  /// Does all background work that is waiting.
  void maintain() {
    while (auto job = collection_->next_job()) {
      ASSERT_TRUE(job->prepare());
      EXPECT_TRUE(*job->link([] { return true; }));
      ASSERT_TRUE(job->write(collection_->vfs()));
      ASSERT_TRUE(collection_->install(*job));
    }
  }

  /// The id of a row that is sound.
  static std::string id_of(const engine::RowRef& row) {
    std::string scratch;
    const auto id = row.source->id(row.row, scratch);
    EXPECT_TRUE(id) << id.error().message;
    return std::string(*id);
  }

  std::vector<std::string> nearest(std::vector<float> vector, uint32_t k, bool exact = false) {
    const auto view = collection_->view();
    auto query = engine::prepare_query(*view, collection_->config().metric, vector);
    EXPECT_TRUE(query) << query.error().message;
    engine::QueryOptions options;
    options.top_k = k;
    options.exact = exact;
    std::vector<std::string> ids;
    const auto hits = engine::search_view(*view, *query, options);
    EXPECT_TRUE(hits);
    for (const engine::Hit& hit : *hits) ids.push_back(id_of(view->row(hit.part, hit.row)));
    return ids;
  }

  bool verifies() {
    const auto report = collection_->verify();
    EXPECT_TRUE(report);
    const msgpack::Value map(*report);
    for (const msgpack::Value problem : map.find("problems")->elements()) {
      ADD_FAILURE() << problem.text();
    }
    return map.find("ok")->boolean();
  }

  engine::Collection& operator*() { return *collection_; }
  engine::Collection* operator->() { return collection_.get(); }
  std::shared_ptr<store::MemoryDisk> disk_ = std::make_shared<store::MemoryDisk>();
  engine::OpenOptions options_;

 private:
  std::shared_ptr<FileHook> before_read_ = std::make_shared<FileHook>();
  std::shared_ptr<engine::Collection> collection_;
};

}  // namespace quiver::test
