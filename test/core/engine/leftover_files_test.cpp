// Files that cannot be removed when they are not needed any more, as those that are being read on
// Windows: they harm nothing and go later.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/collection.h"
#include "store/file_names.h"
#include "store/vfs_memory.h"
#include "support/batches.h"
#include "support/held_files_vfs.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;

constexpr uint32_t kDim = 4;

class LeftoverFiles : public testing::Test {
 protected:
  void create() {
    Config config;
    config.metric = Metric::kL2;
    config.graph = {4, 16};
    const auto created = Collection::create(*vfs_, config);
    ASSERT_TRUE(created) << created.error().message;
  }

  std::shared_ptr<Collection> open() {
    OpenOptions options;
    options.seal_threshold = 10;
    auto opened = Collection::open(vfs_, options);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *opened : nullptr;
  }

  void commit(Collection& collection, uint32_t rows) {
    BatchMaker batch(kDim);
    for (uint32_t i = 0; i < rows; ++i) {
      batch.upsert("item-" + std::to_string(next_item_++), test::random_vector(random_, kDim));
    }
    Transaction transaction;
    ASSERT_TRUE(transaction.add(batch.encode()));
    Transaction* const transactions[] = {&transaction};
    Expected<WriteCounts> results[] = {WriteCounts{}};
    collection.commit(transactions, results);
    ASSERT_TRUE(results[0]) << results[0].error().message;
  }

  static void maintain(Collection& collection) {
    while (const auto job = collection.next_job()) {
      ASSERT_TRUE(job->prepare());
      EXPECT_TRUE(*job->link([] { return true; }));
      ASSERT_TRUE(job->write(collection.vfs()));
      const auto installed = collection.install(*job);
      ASSERT_TRUE(installed) << installed.error().message;
    }
  }

  size_t segment_files() {
    size_t count = 0;
    const auto names = vfs_->list();
    for (const std::string& name : *names) {
      if (store::segment_file_number(name)) ++count;
    }
    return count;
  }

  std::mt19937 random_{1};
  uint32_t next_item_ = 0;
  std::shared_ptr<store::MemoryDisk> disk_ = std::make_shared<store::MemoryDisk>();
  std::shared_ptr<store::Vfs> vfs_ = test::held_files_vfs(store::memory_vfs(disk_));
};

TEST_F(LeftoverFiles, AreRemovedOnceNoViewReadsThem) {
  create();
  const auto collection = open();
  for (int round = 0; round < 3; ++round) {
    commit(*collection, 12);
    maintain(*collection);
  }
  EXPECT_EQ(segment_files(), 3U);
  {
    const auto view = collection->view();
    ASSERT_TRUE(collection->request_optimize());
    maintain(*collection);
    EXPECT_EQ(segment_files(), 4U) << "the three old ones are being read";
    EXPECT_EQ(view->live(), 36U);
  }
  maintain(*collection);
  EXPECT_EQ(segment_files(), 1U);

  for (int round = 0; round < 20; ++round) {
    commit(*collection, 12);
    maintain(*collection);
    EXPECT_EQ(segment_files(), collection->view()->parts.size()) << "round " << round;
  }
  EXPECT_EQ(collection->view()->live(), 276U);
}

TEST_F(LeftoverFiles, AreRemovedByTheNextWriter) {
  create();
  std::shared_ptr<const View> view;
  {
    const auto collection = open();
    commit(*collection, 12);
    maintain(*collection);
    view = collection->view();
    ASSERT_TRUE(collection->request_optimize());
    commit(*collection, 12);
    maintain(*collection);
    ASSERT_TRUE(collection->close());
    EXPECT_EQ(segment_files(), 2U);
  }
  view.reset();
  const auto collection = open();
  EXPECT_EQ(segment_files(), 2U) << "opening writes nothing";
  ASSERT_TRUE(collection->become_writer());
  EXPECT_EQ(segment_files(), 1U);
  EXPECT_EQ(collection->view()->live(), 24U);
}

TEST_F(LeftoverFiles, OfADestroyedIndexAreNamedAndGoWithTheNextOne) {
  create();
  const auto reader = open();
  {
    const auto writer = open();
    commit(*writer, 12);
    maintain(*writer);
    commit(*writer, 3);
  }
  ASSERT_TRUE(*reader->refresh());
  const auto destroyed = Collection::destroy(*vfs_);
  ASSERT_FALSE(destroyed);
  EXPECT_EQ(destroyed.error().code, Code::kPermissionDenied);
  EXPECT_NE(destroyed.error().message.find("seg-"), std::string::npos) << destroyed.error().message;
  ASSERT_EQ(vfs_->list()->size(), 1U) << "all that is not being read is gone";
  EXPECT_EQ(reader->refresh().error().code, Code::kIndexNotFound);
  EXPECT_EQ(reader->view()->live(), 15U);

  create();
  const auto writer = open();
  commit(*writer, 12);
  maintain(*writer);
  EXPECT_EQ(writer->view()->live(), 12U);
  EXPECT_EQ(segment_files(), 2U);
  ASSERT_TRUE(reader->close());
}

TEST_F(LeftoverFiles, OfAHalfDestroyedIndexAreNotTakenForThoseOfTheNext) {
  create();
  {
    const auto collection = open();
    commit(*collection, 12);
    maintain(*collection);
    commit(*collection, 3);
  }
  // The power was cut after destroy() had removed the manifest.
  disk_->files.erase(disk_->files.find(store::kManifestName));
  create();
  {
    const auto collection = open();
    EXPECT_EQ(collection->view()->live(), 0U);
    commit(*collection, 5);
  }
  const auto collection = open();
  EXPECT_EQ(collection->view()->live(), 5U);
  maintain(*collection);
  ASSERT_TRUE(collection->become_writer());
  EXPECT_EQ(segment_files(), 0U);
}

}  // namespace
}  // namespace quiver::engine
