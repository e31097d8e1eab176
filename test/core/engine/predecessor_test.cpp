// What a process left that did not wait for the disk: the next writer must not build upon less than
// is there.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/collection.h"
#include "store/file_names.h"
#include "support/batches.h"
#include "support/fault_vfs.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::FaultDisk;

class Predecessor : public testing::Test {
 protected:
  void SetUp() override {
    Config config;
    config.metric = Metric::kL2;
    config.graph = {4, 16};
    ASSERT_TRUE(Collection::create(*vfs_, config));
    options_.seal_threshold = 10;
    open();
  }

  void open() {
    auto opened = Collection::open(vfs_, options_);
    ASSERT_TRUE(opened) << opened.error().message;
    collection_ = std::move(*opened);
  }

  void commit(const BatchMaker& batch, Durability durability) {
    Transaction transaction(durability);
    ASSERT_TRUE(transaction.add(batch.encode()));
    Transaction* const transactions[] = {&transaction};
    Expected<WriteCounts> results[] = {WriteCounts{}};
    collection_->commit(transactions, results);
    ASSERT_TRUE(results[0]) << results[0].error().message;
  }

  void maintain() {
    auto job = collection_->next_job();
    ASSERT_TRUE(job);
    while (!*job->work(*vfs_, [] { return true; })) {
    }
    ASSERT_TRUE(collection_->install(*job));
  }

  /// The process goes without a word, and without its lock.
  void kill() {
    killed_.push_back(std::move(collection_));
    const auto names = vfs_->list();
    for (const std::string& name : *names) {
      if (store::lock_file_number(name)) (void)vfs_->remove(name);
    }
  }

  /// Everything that the ids name is there after the power went.
  void expect_after_power_cut(const std::vector<std::string>& ids) {
    for (uint32_t outcome = 0; outcome < 6; ++outcome) {
      const auto after =
          Collection::open(test::vfs_after_death(disk_->after_power_cut(outcome)), {});
      ASSERT_TRUE(after) << outcome << ": " << after.error().message;
      for (const std::string& id : ids) EXPECT_TRUE((*after)->view()->find(id)) << id;
    }
  }

  std::shared_ptr<FaultDisk> disk_ = std::make_shared<FaultDisk>();
  std::shared_ptr<store::Vfs> vfs_ = test::fault_vfs(disk_);
  OpenOptions options_;
  std::shared_ptr<Collection> collection_;
  std::vector<std::shared_ptr<Collection>> killed_;
};

TEST_F(Predecessor, ThatClosedWithoutASync) {
  commit(BatchMaker(2).insert("a", {1, 2}), Durability::kNone);
  ASSERT_TRUE(collection_->close());
  open();
  commit(BatchMaker(2).insert("b", {3, 4}), Durability::kSync);
  expect_after_power_cut({"a", "b"});
}

TEST_F(Predecessor, ThatWasKilledBeforeItsSync) {
  commit(BatchMaker(2).insert("a", {1, 2}), Durability::kAsync);
  kill();
  open();
  commit(BatchMaker(2).insert("b", {3, 4}), Durability::kSync);
  expect_after_power_cut({"a", "b"});
}

TEST_F(Predecessor, WhoseDeletionsAManifestTakesOver) {
  BatchMaker rows(2);
  for (int i = 0; i < 20; ++i)
    rows.insert(std::string("i").append(std::to_string(i)), {static_cast<float>(i), 1});
  commit(rows, Durability::kSync);
  maintain();
  BatchMaker deletions(2);
  for (int i = 0; i < 12; ++i) deletions.remove(std::string("i").append(std::to_string(i)));
  commit(deletions, Durability::kSync);
  commit(BatchMaker(2).upsert("i15", {7, 7}), Durability::kNone);
  ASSERT_TRUE(collection_->close());
  open();
  ASSERT_TRUE(collection_->become_writer());
  maintain();
  expect_after_power_cut({"i15", "i19"});
}

}  // namespace
}  // namespace quiver::engine
