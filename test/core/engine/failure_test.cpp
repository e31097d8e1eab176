// After something failed: nothing is left lying about, nobody is locked out, nobody waits for ever.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <string>
#include <thread>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "engine/session.h"
#include "engine/shared_collection.h"
#include "support/batches.h"
#include "support/fault_vfs.h"
#include "support/forwarding_vfs.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::FaultDisk;

class Failure : public testing::Test {
 protected:
  void SetUp() override {
    Config config;
    config.metric = Metric::kL2;
    config.graph = {4, 16};
    ASSERT_TRUE(Collection::create(*vfs_, config));
    options_.seal_threshold = 10;
    collection_ = open();
  }

  std::shared_ptr<Collection> open() {
    auto opened = Collection::open(vfs_, options_);
    EXPECT_TRUE(opened);
    return *opened;
  }

  static Expected<WriteCounts> commit(Collection& collection, const BatchMaker& batch) {
    Transaction transaction;
    if (auto added = transaction.add(batch.encode()); !added) return added.error();
    Transaction* const transactions[] = {&transaction};
    Expected<WriteCounts> results[] = {WriteCounts{}};
    collection.commit(transactions, results);
    return results[0];
  }

  static BatchMaker rows() {
    BatchMaker batch(2);
    for (int i = 0; i < 50; ++i)
      batch.insert(std::string("i").append(std::to_string(i)), {static_cast<float>(i), 1});
    return batch;
  }

  void fail_at(uint64_t operation) {
    disk_->plan.fail_at = disk_->operations + operation;
    disk_->plan.failure = Code::kNoSpace;
  }

  std::unique_ptr<MaintenanceJob> finished_job() {
    auto job = collection_->next_job();
    EXPECT_TRUE(job);
    EXPECT_TRUE(job->prepare());
    EXPECT_TRUE(*job->link([] { return true; }));
    return job;
  }

  std::shared_ptr<FaultDisk> disk_ = std::make_shared<FaultDisk>();
  std::shared_ptr<store::Vfs> vfs_ = test::fault_vfs(disk_);
  OpenOptions options_;
  std::shared_ptr<Collection> collection_;
};

TEST_F(Failure, OfAJobLeavesNoFile) {
  ASSERT_TRUE(commit(*collection_, rows()));
  for (int i = 0; i < 3; ++i) {
    auto job = finished_job();
    fail_at(2);
    const auto written = job->write(*vfs_);
    ASSERT_EQ(written.error().code, Code::kNoSpace);
    collection_->abandon(written.error());
  }
  for (uint64_t operation = 1; operation < 7; ++operation) {
    auto job = finished_job();
    ASSERT_TRUE(job->write(*vfs_));
    fail_at(operation);
    if (const auto installed = collection_->install(*job); !installed) {
      collection_->abandon(installed.error());
    }
    if (collection_->view()->parts.back().source->bytes() == 0) break;
    disk_->plan.fail_at = 0;
    if (!commit(*collection_, rows().remove("i1").upsert("more", {1, 2}))) {
      BatchMaker more(2);
      for (int i = 0; i < 20; ++i) more.upsert(std::string("m").append(std::to_string(i)), {1, 2});
      if (!commit(*collection_, more)) return;  // a failed sync of the log ends the writing
    }
  }
  ASSERT_TRUE(collection_->request_optimize());
  while (auto job = collection_->next_job()) {
    while (!*job->work(*vfs_, [] { return true; })) {
    }
    ASSERT_TRUE(collection_->install(*job));
  }
  int segments = 0;
  const auto names = vfs_->list();
  for (const std::string& name : *names) {
    EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
    segments += name.starts_with("seg-") ? 1 : 0;
  }
  EXPECT_EQ(segments, 1);
}

TEST_F(Failure, OfAReadersJobLeavesTheLockToWriters) {
  {
    const auto writer = Collection::open(vfs_, {});
    ASSERT_TRUE(commit(**writer, rows()));
  }
  collection_ = open();
  auto job = finished_job();
  fail_at(2);
  const auto written = job->write(*vfs_);
  ASSERT_FALSE(written);
  collection_->abandon(written.error());
  const auto writer = open();
  EXPECT_TRUE(commit(*writer, BatchMaker(2).insert("more", {1, 2})));
}

TEST_F(Failure, OfTheLogEndsWaitingForTheBackground) {
  ASSERT_TRUE(commit(*collection_, BatchMaker(2).insert("a", {1, 2})));
  fail_at(3);
  ASSERT_FALSE(commit(*collection_, BatchMaker(2).insert("b", {1, 2})));
  EXPECT_EQ(collection_->request_optimize().error().code, Code::kNoSpace);
  const auto statistics = collection_->statistics(Durability::kSync);
  ASSERT_TRUE(statistics);
  const auto maintenance = msgpack::Value(*statistics).find("maintenance");
  EXPECT_FALSE(maintenance->find("error")->text().empty());
}

TEST_F(Failure, ToReleaseTheLockOnAFullDiskReleasesItAllTheSame) {
  for (uint64_t operation = 1; operation < 6; ++operation) {
    ASSERT_TRUE(commit(*collection_, BatchMaker(2).upsert("a", {1, 2})));
    fail_at(operation);
    (void)collection_->close();
    collection_ = open();
    const auto written = commit(*collection_, BatchMaker(2).upsert("b", {1, 2}));
    // The first operation is to look for the lock's file: without it nothing is known.
    EXPECT_TRUE(written || operation == 1) << operation;
    if (!written) {
      const auto names = vfs_->list();
      for (const std::string& name : *names) {
        if (name.starts_with("lock-")) (void)vfs_->remove(name);
      }
    }
  }
}

/// Memory is full when a file of that kind is written to.
class FullMemoryVfs final : public test::ForwardingVfs {
 public:
  using ForwardingVfs::ForwardingVfs;

  class File final : public store::WritableFile {
   public:
    File(std::unique_ptr<store::WritableFile> inner, const std::atomic<bool>& is_full)
        : inner_(std::move(inner)), is_full_(is_full) {}
    Expected<void> append(Bytes bytes) override {
      if (is_full_) throw std::bad_alloc();
      return inner_->append(bytes);
    }
    Expected<void> sync() override { return inner_->sync(); }

   private:
    std::unique_ptr<store::WritableFile> inner_;
    const std::atomic<bool>& is_full_;
  };

  std::atomic<bool> is_full_for_logs{false};
  std::atomic<bool> is_full_for_segments{false};
  std::atomic<bool> is_full_for_reading{false};  // of segments

  Expected<std::unique_ptr<store::WritableFile>> create(std::string_view name) override {
    auto file = inner_->create(name);
    if (!file) return file.error();
    const auto& is_full = name.starts_with("seg-") ? is_full_for_segments : is_full_for_logs;
    return std::unique_ptr<store::WritableFile>(std::make_unique<File>(std::move(*file), is_full));
  }
  Expected<std::shared_ptr<const store::FileBytes>> read(std::string_view name) override {
    if (is_full_for_reading && name.starts_with("seg-")) throw std::bad_alloc();
    return inner_->read(name);
  }
};

TEST(FullMemory, InTheLogEndsTheWritingAndShowsNothing) {
  auto disk = std::make_shared<store::MemoryDisk>();
  auto vfs = std::make_shared<FullMemoryVfs>(store::memory_vfs(disk));
  Config config;
  config.metric = Metric::kL2;
  ASSERT_TRUE(Collection::create(*vfs, config));
  const auto collection = *Collection::open(vfs, {});
  const auto commit = [&collection](const char* id) {
    Transaction transaction;
    EXPECT_TRUE(transaction.add(BatchMaker(2).insert(id, {1, 2}).encode()));
    Transaction* const transactions[] = {&transaction};
    Expected<WriteCounts> results[] = {WriteCounts{}};
    collection->commit(transactions, results);
    return results[0];
  };
  ASSERT_TRUE(commit("first"));
  vfs->is_full_for_logs = true;
  EXPECT_EQ(commit("lost").error().code, Code::kOutOfMemory);
  vfs->is_full_for_logs = false;
  EXPECT_EQ(commit("later").error().code, Code::kOutOfMemory);
  EXPECT_EQ(collection->view()->live(), 1U);
  const auto again = Collection::open(store::memory_vfs(disk), {});
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->view()->live(), 1U);
}

/// An index with enough rows for a graph, in a folder for which memory can be full.
class FullMemoryInMaintenance : public testing::Test {
 protected:
  static constexpr uint32_t kRows = 3000;

  void SetUp() override {
    Config config;
    config.metric = Metric::kL2;
    config.graph = {4, 16};
    ASSERT_TRUE(Collection::create(*vfs_, config));
    options_.seal_threshold = 1000;
  }

  static void insert_rows(Collection& collection) {
    BatchMaker batch(2);
    for (uint32_t i = 0; i < kRows; ++i) {
      batch.upsert(std::to_string(i), {static_cast<float>(i % 97), static_cast<float>(i)});
    }
    Transaction transaction;
    ASSERT_TRUE(transaction.add(batch.encode()));
    Transaction* const transactions[] = {&transaction};
    Expected<WriteCounts> results[] = {WriteCounts{}};
    collection.commit(transactions, results);
    ASSERT_TRUE(results[0]);
  }

  static std::string maintenance_error(Collection& collection) {
    const auto statistics = collection.statistics(Durability::kSync);
    const auto error = msgpack::Value(*statistics).find("maintenance")->find("error");
    return error->is(msgpack::Kind::kText) ? std::string(error->text()) : std::string();
  }

  /// Works until nothing remains, or something fails.
  static Expected<void> pump_all(Session& session) {
    while (true) {
      const auto remains = session.pump(std::chrono::microseconds(0));
      if (!remains) return remains.error();
      if (!*remains) return {};
    }
  }

  /// That all rows are in one segment with a graph.
  static void expect_built(Collection& collection) {
    const auto view = collection.view();
    ASSERT_EQ(view->parts.size(), 1U);
    EXPECT_EQ(view->parts[0].live(), kRows);
    EXPECT_NE(view->parts[0].source->graph(), nullptr);
    EXPECT_EQ(maintenance_error(collection), "");
  }

  std::shared_ptr<FullMemoryVfs> vfs_ =
      std::make_shared<FullMemoryVfs>(store::memory_vfs(std::make_shared<store::MemoryDisk>()));
  OpenOptions options_;
};

TEST_F(FullMemoryInMaintenance, EndsASlicedJobWhichIsDoneAnewLater) {
  const std::shared_ptr<Collection> collection = *Collection::open(vfs_, options_);
  Session session(collection, options_, nullptr);
  insert_rows(*collection);
  vfs_->is_full_for_segments = true;
  EXPECT_EQ(pump_all(session).error().code, Code::kOutOfMemory);
  EXPECT_NE(maintenance_error(*collection), "");
  EXPECT_EQ(collection->view()->live(), kRows);
  vfs_->is_full_for_segments = false;
  ASSERT_TRUE(pump_all(session));
  expect_built(*collection);
}

TEST_F(FullMemoryInMaintenance, EndsAnInstallationWhichIsDoneAnewLater) {
  const std::shared_ptr<Collection> collection = *Collection::open(vfs_, options_);
  Session session(collection, options_, nullptr);
  insert_rows(*collection);
  vfs_->is_full_for_reading = true;
  EXPECT_EQ(pump_all(session).error().code, Code::kOutOfMemory);
  vfs_->is_full_for_reading = false;
  ASSERT_TRUE(pump_all(session));
  expect_built(*collection);
  const auto names = *vfs_->list();
  EXPECT_EQ(std::count_if(names.begin(), names.end(),
                          [](const std::string& name) { return name.starts_with("seg-"); }),
            1);
}

TEST_F(FullMemoryInMaintenance, WhenALogIsBegunEndsTheWriting) {
  const std::shared_ptr<Collection> collection = *Collection::open(vfs_, options_);
  Session session(collection, options_, nullptr);
  insert_rows(*collection);
  vfs_->is_full_for_logs = true;
  ASSERT_TRUE(pump_all(session));  // there is nothing that it may do
  vfs_->is_full_for_logs = false;
  EXPECT_EQ(collection->request_optimize().error().code, Code::kOutOfMemory);
  EXPECT_EQ(collection->view()->live(), kRows);
}

TEST_F(FullMemoryInMaintenance, DoesNotEndTheThreadThatDoesIt) {
  const auto shared = *SharedCollection::open("full memory", vfs_, options_);
  Collection& collection = *shared->collection();
  const auto session = std::make_shared<Session>(shared->collection(), options_, nullptr);
  const auto wake = [&] { shared->write(session, Buffer{}, [](const Expected<Buffer>&) {}); };
  for (std::atomic<bool>* is_full : {&vfs_->is_full_for_segments, &vfs_->is_full_for_reading}) {
    *is_full = true;
    insert_rows(collection);
    wake();
    while (maintenance_error(collection).empty()) std::this_thread::yield();
    *is_full = false;
    wake();
    while (!maintenance_error(collection).empty()) std::this_thread::yield();
  }
  EXPECT_EQ(collection.view()->live(), kRows);
}

TEST(LargeBatch, IsCutIntoRecordsAndStaysOneTransaction) {
  constexpr uint32_t kDim = 16384;
  auto disk = std::make_shared<store::MemoryDisk>();
  auto vfs = store::memory_vfs(disk);
  Config config;
  config.metric = Metric::kL2;
  ASSERT_TRUE(Collection::create(*vfs, config));
  auto collection = *Collection::open(vfs, {});
  Transaction transaction;
  BatchMaker batch(kDim);
  for (int i = 0; i < 1200; ++i) {
    batch.insert(std::to_string(i), std::vector<float>(kDim, static_cast<float>(i)));
  }
  ASSERT_TRUE(transaction.add(batch.encode()));
  Transaction* const transactions[] = {&transaction};
  Expected<WriteCounts> results[] = {WriteCounts{}};
  collection->commit(transactions, results);
  ASSERT_TRUE(results[0]);
  EXPECT_EQ(results[0]->inserted, 1200U);
  collection.reset();
  collection = *Collection::open(vfs, {});
  EXPECT_EQ(collection->view()->live(), 1200U);
  const auto place = collection->view()->find("1199");
  ASSERT_TRUE(place);
  EXPECT_EQ(collection->view()->parts[place->part].source->vector(place->row)[kDim - 1], 1199.0F);
  collection.reset();

  // Without its last record it is gone as a whole.
  for (auto& [name, content] : disk->files) {
    if (name.ends_with(".qlog") && content->size() > 1000) {
      content = std::make_shared<const Buffer>(content->begin(), content->end() - 4096);
    }
  }
  collection = *Collection::open(vfs, {});
  EXPECT_EQ(collection->view()->live(), 0U);
}

}  // namespace
}  // namespace quiver::engine
