// A snapshot is an index of its own with exactly what was there when it was taken, whatever happens
// meanwhile or after.

#include <gtest/gtest.h>

#include "engine/collection.h"
#include "store/file_names.h"
#include "store/manifest.h"
#include "store/vfs_memory.h"
#include "support/batches.h"
#include "support/collection_fixture.h"
#include "support/fault_vfs.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;

constexpr uint32_t kDim = 8;

BatchMaker rows(uint32_t first, uint32_t last) { return test::numbered_rows(first, last, kDim); }

/// With segments, deleted rows in them, and rows in the log.
void fill(CollectionFixture& index) {
  ASSERT_TRUE(index.commit(rows(0, 20)));
  index.maintain();
  ASSERT_TRUE(index.commit(rows(15, 30)));
  ASSERT_TRUE(index.commit(BatchMaker(kDim).remove("3").remove("4")));
  index.maintain();
  ASSERT_TRUE(index.commit(rows(30, 32)));
}

TEST(Snapshot, HoldsWhatWasThere) {
  CollectionFixture index(Metric::kL2, 8);
  fill(index);
  auto disk = std::make_shared<store::MemoryDisk>();
  const auto target = store::memory_vfs(disk);
  const auto counts = index->snapshot(*target, nullptr);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->files, disk->files.size());
  EXPECT_EQ(counts->linked, 0U);

  const auto before = index->view()->live();
  ASSERT_TRUE(index.commit(rows(40, 60)));
  index.maintain();
  CollectionFixture copy(disk);
  EXPECT_EQ(copy->view()->live(), before);
  EXPECT_TRUE(copy.verifies());
  EXPECT_FALSE(copy->view()->find("3"));
  EXPECT_TRUE(copy->view()->find("31"));

  // Both go on by themselves.
  ASSERT_TRUE(copy.commit(rows(100, 110)));
  copy.maintain();
  EXPECT_TRUE(copy.verifies());
  EXPECT_FALSE(index->view()->find("100"));
  EXPECT_TRUE(index.verifies());
}

TEST(Snapshot, HasNoRoomForWhatOnlyTheIndexWillHave) {
  CollectionFixture index(Metric::kL2, 8);
  for (uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(index.commit(rows(i, i + 1)));
  CollectionFixture reader(index, {});
  const auto bytes = [](const store::MemoryDisk& disk) {
    uint64_t sum = 0;
    for (const auto& [name, content] : disk.files) {
      if (store::log_file_number(name)) sum += content->size();
    }
    return sum;
  };
  for (Collection* source : {&*index, &*reader}) {
    auto disk = std::make_shared<store::MemoryDisk>();
    ASSERT_TRUE(source->snapshot(*store::memory_vfs(disk), nullptr));
    EXPECT_LT(bytes(*disk), bytes(*index.disk_));
    CollectionFixture copy(disk);
    EXPECT_EQ(copy->view()->live(), 4U);
    EXPECT_TRUE(copy.verifies());
  }
}

TEST(Snapshot, OfAnEmptyIndexIsOne) {
  CollectionFixture index;
  auto disk = std::make_shared<store::MemoryDisk>();
  ASSERT_TRUE(index->snapshot(*store::memory_vfs(disk), nullptr));
  CollectionFixture copy(disk);
  EXPECT_EQ(copy->view()->live(), 0U);
  ASSERT_TRUE(copy.commit(rows(0, 3)));
}

TEST(Snapshot, ByAReaderHasWhatTheWriterCommitted) {
  CollectionFixture writer(Metric::kL2, 8);
  CollectionFixture reader(writer, {});
  fill(writer);
  auto disk = std::make_shared<store::MemoryDisk>();
  ASSERT_TRUE(reader->snapshot(*store::memory_vfs(disk), nullptr));
  CollectionFixture copy(disk);
  EXPECT_EQ(copy->view()->live(), writer->view()->live());
  EXPECT_TRUE(copy.verifies());
}

TEST(Snapshot, IsNotWrittenOverAnIndex) {
  CollectionFixture index;
  CollectionFixture other;
  const auto files = other.disk_->files;
  EXPECT_EQ(index->snapshot(*store::memory_vfs(other.disk_), nullptr).error().code,
            Code::kIndexExists);
  EXPECT_EQ(index->snapshot(index->vfs(), nullptr).error().code, Code::kIndexExists);
  EXPECT_EQ(other.disk_->files, files);
}

TEST(Snapshot, IsThereWholeOrNotAtAllAfterAPowerCut) {
  CollectionFixture index(Metric::kL2, 8);
  fill(index);
  for (uint64_t cut = 1;; ++cut) {
    auto disk = std::make_shared<test::FaultDisk>();
    disk->plan.cut_at = cut;
    const auto counts = index->snapshot(*test::fault_vfs(disk), nullptr);
    for (uint32_t outcome = 0; outcome < 24; ++outcome) {
      const auto vfs = test::vfs_after_death(disk->after_power_cut(outcome));
      auto opened = Collection::open(vfs, {});
      if (!opened) {
        ASSERT_EQ(opened.error().code, Code::kIndexNotFound)
            << "cut " << cut << ", outcome " << outcome << ": " << opened.error().message;
        ASSERT_FALSE(counts) << "acknowledged, but not there";
        continue;
      }
      ASSERT_EQ((*opened)->view()->live(), index->view()->live());
    }
    if (counts) break;
  }
}

TEST(Snapshot, ThatFailsLeavesNoFiles) {
  CollectionFixture index(Metric::kL2, 8);
  fill(index);
  for (uint64_t at = 3;; ++at) {
    auto disk = std::make_shared<test::FaultDisk>();
    disk->plan.fail_at = at;
    disk->plan.failure = Code::kNoSpace;
    const auto counts = index->snapshot(*test::fault_vfs(disk), nullptr);
    if (counts) break;
    ASSERT_EQ(counts.error().code, Code::kNoSpace) << at;
    const auto left = disk->as_seen();
    for (const auto& [name, content] : left->files) {
      ASSERT_EQ(name, "manifest.tmp") << "left after error " << at;
    }
  }
}

TEST(Snapshot, ThatAReaderTakesCountsItsFilesToo) {
  test::CollectionFixture writer(Metric::kL2, 10);
  for (int n = 0; n < 4; ++n) {
    test::BatchMaker batch(2);
    for (int i = 0; i < 20; ++i) {
      batch.upsert(std::to_string(n) + "-" + std::to_string(i), {static_cast<float>(i), 1});
    }
    ASSERT_TRUE(writer.commit(batch));
    writer.maintain();
  }
  test::CollectionFixture reader(writer, {});
  const auto target = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  ASSERT_TRUE(reader->snapshot(*target, nullptr));
  const auto manifest = store::read_manifest(*target);
  ASSERT_TRUE(manifest);
  for (const store::SegmentEntry& segment : manifest->segments) {
    EXPECT_GT(manifest->next_file_number, segment.number);
  }
  EXPECT_GT(manifest->next_file_number, manifest->first_log);
}

TEST(Snapshot, ThatAReaderTakesIsNotKeptFromItByMerges) {
  CollectionFixture writer(Metric::kL2, 8);
  fill(writer);
  CollectionFixture reader(writer, {});
  // Each time the reader has looked what there is, and reads a log or a segment, that is gone.
  uint32_t merges = 0;
  reader.before_read([&](std::string_view name) {
    if (name == store::kManifestName || merges == 6) return;
    ASSERT_TRUE(writer.commit(rows(100 + merges, 110 + merges)));
    ASSERT_TRUE(writer->request_optimize());
    writer.maintain();
    ++merges;
  });
  const auto disk = std::make_shared<store::MemoryDisk>();
  const auto counts = reader->snapshot(*store::memory_vfs(disk), nullptr);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(merges, 6U);
  CollectionFixture copy(disk);
  EXPECT_EQ(copy->view()->live(), writer->view()->live());
  EXPECT_TRUE(copy.verifies());
}

TEST(Snapshot, ThatAReaderTakesNamesAFileThatIsLost) {
  CollectionFixture writer(Metric::kL2, 8);
  fill(writer);
  CollectionFixture reader(writer, {});
  const std::string lost =
      store::segment_file_name(store::read_manifest(reader->vfs())->segments.front().number);
  ASSERT_EQ(writer.disk_->files.erase(lost), 1U);
  const auto target = std::make_shared<store::MemoryDisk>();
  const auto counts = reader->snapshot(*store::memory_vfs(target), nullptr);
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().code, Code::kMissingFile);
  EXPECT_NE(counts.error().message.find(lost), std::string::npos);
  EXPECT_TRUE(target->files.empty());
}

TEST(Snapshot, IsNotMixedWithFilesOfAnother) {
  const auto target = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  ASSERT_TRUE((*store::LogWriter::create(*target, 100, 77))->sync());
  test::CollectionFixture collection;
  ASSERT_TRUE(collection.commit(test::BatchMaker(2).insert("a", {1, 2})));
  EXPECT_EQ(collection->snapshot(*target, nullptr).error().code, Code::kIndexExists);
  EXPECT_EQ(target->list()->size(), 1U) << "nothing is removed either";
}

}  // namespace
}  // namespace quiver::engine
