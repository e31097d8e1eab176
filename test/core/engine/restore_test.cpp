// A restored index is what the snapshot was, at once and for good; cut short, it is what it was.

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "engine/collection.h"
#include "store/file_names.h"
#include "store/vfs_memory.h"
#include "support/batches.h"
#include "support/collection_fixture.h"
#include "support/fault_vfs.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;

constexpr uint32_t kDim = 8;

using Model = std::map<std::string, std::vector<float>>;

Model contents(const View& view) {
  Model model;
  for (const Part& part : view.parts) {
    for (uint32_t row = 0; row < part.count; ++row) {
      if (!part.is_live(row)) continue;
      std::string scratch;
      const float* vector = part.source->vector(row);
      const std::string id(*part.source->id(row, scratch));
      EXPECT_TRUE(model.emplace(id, std::vector<float>(vector, vector + view.dim)).second) << id;
    }
  }
  return model;
}

BatchMaker rows(uint32_t first, uint32_t last, uint32_t version = 1) {
  std::mt19937 random(first + version * 1000);
  BatchMaker batch(kDim);
  for (uint32_t i = first; i < last; ++i) {
    batch.upsert(std::to_string(i), random_vector(random, kDim));
  }
  return batch;
}

/// With segments, deleted rows in them, and rows in the log.
void fill(CollectionFixture& index) {
  ASSERT_TRUE(index.commit(rows(0, 20)));
  index.maintain();
  ASSERT_TRUE(index.commit(rows(15, 30)));
  ASSERT_TRUE(index.commit(BatchMaker(kDim).remove("3").remove("4")));
  index.maintain();
  ASSERT_TRUE(index.commit(rows(30, 34).remove("31")));
}

/// What was done since the snapshot.
void change(CollectionFixture& index) {
  ASSERT_TRUE(index.commit(rows(0, 10, 2).remove("20")));
  ASSERT_TRUE(index.commit(rows(100, 120)));
  index.maintain();
  ASSERT_TRUE(index.commit(rows(33, 36, 3)));
}

std::shared_ptr<store::MemoryDisk> snapshot_of(CollectionFixture& index) {
  auto disk = std::make_shared<store::MemoryDisk>();
  EXPECT_TRUE(index->snapshot(*store::memory_vfs(disk), nullptr));
  return disk;
}

TEST(Restore, MakesTheIndexWhatTheSnapshotIs) {
  CollectionFixture index(Metric::kL2, 8);
  fill(index);
  const Model before = contents(*index->view());
  const auto snapshot = snapshot_of(index);
  const auto snapshot_files = snapshot->files;
  change(index);
  const auto view = index->view();
  const Model changed = contents(*view);
  ASSERT_NE(changed, before);

  const auto counts = index->restore(store::memory_vfs(snapshot));
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_GE(counts->files, 3U);
  EXPECT_GT(counts->bytes_copied, 0U);
  EXPECT_EQ(contents(*index->view()), before);
  EXPECT_TRUE(index.verifies());
  EXPECT_EQ(contents(*view), changed) << "an open view changes";
  EXPECT_EQ(snapshot->files, snapshot_files);
  index.reopen();
  EXPECT_EQ(contents(*index->view()), before);

  // It goes on like any other, and so does the snapshot.
  ASSERT_TRUE(index.commit(rows(15, 40, 4)));
  index.maintain();
  const Model after = contents(*index->view());
  index.reopen();
  EXPECT_EQ(contents(*index->view()), after);
  EXPECT_TRUE(index.verifies());
  CollectionFixture copy(snapshot);
  EXPECT_EQ(contents(*copy->view()), before);
  EXPECT_TRUE(copy.verifies());
}

TEST(Restore, LeavesNoFileThatIsNotNeeded) {
  CollectionFixture index(Metric::kL2, 8);
  fill(index);
  const auto snapshot = snapshot_of(index);
  change(index);
  ASSERT_TRUE(index->restore(store::memory_vfs(snapshot)));
  size_t segments = 0;
  size_t logs = 0;
  for (const auto& [name, content] : index.disk_->files) {
    segments += store::segment_file_number(name) ? 1 : 0;
    logs += store::log_file_number(name) ? 1 : 0;
  }
  EXPECT_EQ(segments, index->view()->parts.size());
  EXPECT_EQ(logs, 1U);
}

TEST(Restore, IsSeenByReadersOfOtherProcesses) {
  CollectionFixture index(Metric::kL2, 8);
  fill(index);
  const Model before = contents(*index->view());
  const auto snapshot = snapshot_of(index);
  CollectionFixture reader(index, {});
  change(index);
  ASSERT_TRUE(*reader->refresh());
  EXPECT_EQ(contents(*reader->view()), contents(*index->view()));
  ASSERT_TRUE(index->restore(store::memory_vfs(snapshot)));
  ASSERT_TRUE(*reader->refresh());
  EXPECT_EQ(contents(*reader->view()), before);
  ASSERT_TRUE(index.commit(rows(50, 52)));
  ASSERT_TRUE(*reader->refresh());
  EXPECT_EQ(contents(*reader->view()), contents(*index->view()));
}

TEST(Restore, TakesAnotherIndexToo) {
  CollectionFixture other(Metric::kL2, 8);
  for (uint32_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(other.commit(rows(i * 10, i * 10 + 9)));
    other.maintain();
  }
  const Model expected = contents(*other->view());
  ASSERT_TRUE(other->close());
  CollectionFixture index(Metric::kL2, 8);
  ASSERT_TRUE(index->restore(store::memory_vfs(other.disk_)));
  EXPECT_EQ(contents(*index->view()), expected);
  ASSERT_TRUE(index.commit(rows(1, 5, 7)));
  index.reopen();
  EXPECT_EQ(contents(*index->view()).size(), expected.size());
  EXPECT_EQ(index->view()->dim, kDim);
}

TEST(Restore, OfAnEmptyIndexEmptiesIt) {
  CollectionFixture empty(Metric::kL2);
  CollectionFixture index(Metric::kL2, 8);
  fill(index);
  ASSERT_TRUE(index->restore(store::memory_vfs(empty.disk_)));
  EXPECT_EQ(index->view()->live(), 0U);
  ASSERT_TRUE(index.commit(rows(1, 3)));
  index.reopen();
  EXPECT_EQ(index->view()->live(), 2U);
}

TEST(Restore, RefusesAnotherMetricOrOtherDimensions) {
  CollectionFixture index(Metric::kL2, 8);
  fill(index);
  const Model before = contents(*index->view());
  CollectionFixture cosine(Metric::kCosine);
  EXPECT_EQ(index->restore(store::memory_vfs(cosine.disk_)).error().code, Code::kInvalidArgument);
  CollectionFixture flat(Metric::kL2);
  ASSERT_TRUE(flat.commit(BatchMaker(2).upsert("a", {1, 2})));
  EXPECT_EQ(index->restore(store::memory_vfs(flat.disk_)).error().code, Code::kDimensionMismatch);
  EXPECT_EQ(index->restore(store::memory_vfs(std::make_shared<store::MemoryDisk>())).error().code,
            Code::kIndexNotFound);
  EXPECT_EQ(contents(*index->view()), before);
  ASSERT_TRUE(index.commit(rows(1, 3)));
  EXPECT_TRUE(index.verifies());
}

TEST(Restore, DropsWhatTheBackgroundMadeOfTheOldRows) {
  CollectionFixture index(Metric::kL2, 8);
  fill(index);
  const Model before = contents(*index->view());
  const auto snapshot = snapshot_of(index);
  ASSERT_TRUE(index.commit(rows(200, 220)));
  const auto job = index->next_job();
  ASSERT_TRUE(job);
  ASSERT_TRUE(job->prepare());
  EXPECT_TRUE(*job->link([] { return true; }));
  ASSERT_TRUE(job->write(index->vfs()));
  ASSERT_TRUE(index->restore(store::memory_vfs(snapshot)));
  ASSERT_TRUE(index->install(*job));
  EXPECT_EQ(contents(*index->view()), before);
  EXPECT_FALSE(index.disk_->files.contains(store::segment_file_name(job->segment_number())));
  index.reopen();
  EXPECT_EQ(contents(*index->view()), before);
}

TEST(Restore, GivesRowsOfTheLogAGraph) {
  CollectionFixture source(Metric::kL2, 100000);
  ASSERT_TRUE(source.commit(rows(0, 1500)));
  CollectionFixture index(Metric::kL2);
  ASSERT_TRUE(index->restore(store::memory_vfs(source.disk_)));
  ASSERT_EQ(index->view()->parts.size(), 1U);
  const auto has_graph = [&index] { return index->view()->parts[0].source->graph() != nullptr; };
  EXPECT_FALSE(has_graph());
  index.maintain();
  EXPECT_TRUE(has_graph());
  EXPECT_EQ(contents(*index->view()), contents(*source->view()));
}

/// An index on a disk with faults, and a snapshot to restore.
struct Faulty {
  Faulty() {
    CollectionFixture index(Metric::kL2, 8);
    fill(index);
    snapshot_model = contents(*index->view());
    snapshot = snapshot_of(index);
    change(index);
    old_model = contents(*index->view());
    EXPECT_TRUE(index->close());
    disk = index.disk_;
  }

  /// The index's files on a new disk with that plan.
  std::shared_ptr<test::FaultDisk> copy() const {
    auto faulty = std::make_shared<test::FaultDisk>();
    const auto vfs = test::fault_vfs(faulty);
    for (const auto& [name, content] : disk->files) {
      auto file = vfs->create(name);
      EXPECT_TRUE((*file)->append(*content));
      EXPECT_TRUE((*file)->sync());
    }
    EXPECT_TRUE(vfs->sync_folder());
    faulty->operations = 0;
    return faulty;
  }

  Model snapshot_model;
  Model old_model;
  std::shared_ptr<store::MemoryDisk> snapshot;
  std::shared_ptr<store::MemoryDisk> disk;
};

/// The disk as the next process finds it: the one that had the lock is gone.
std::shared_ptr<store::MemoryDisk> without_locks(std::shared_ptr<store::MemoryDisk> disk) {
  std::erase_if(disk->files,
                [](const auto& file) { return store::lock_file_number(file.first).has_value(); });
  return disk;
}

TEST(Restore, IsDoneOrNotAfterAPowerCut) {
  const Faulty faulty;
  for (uint64_t cut = 1;; ++cut) {
    const auto disk = faulty.copy();
    auto opened = Collection::open(test::fault_vfs(disk), {});
    ASSERT_TRUE(opened);
    disk->operations = 0;
    disk->plan.cut_at = cut;
    const auto counts = (*opened)->restore(store::memory_vfs(faulty.snapshot));
    for (uint32_t outcome = 0; outcome < 24; ++outcome) {
      SCOPED_TRACE("cut " + std::to_string(cut) + ", outcome " + std::to_string(outcome));
      CollectionFixture index(without_locks(disk->after_power_cut(outcome)));
      const Model found = contents(*index->view());
      ASSERT_TRUE(found == faulty.snapshot_model || (!counts && found == faulty.old_model));
      ASSERT_TRUE(index.verifies());
      ASSERT_TRUE(index.commit(rows(300, 302)));
      index.reopen();
      ASSERT_EQ(index->view()->live(), found.size() + 2);
    }
    if (counts) break;
  }
}

TEST(Restore, IsDoneOrNotAfterAnError) {
  const Faulty faulty;
  for (uint64_t at = 1;; ++at) {
    SCOPED_TRACE("error " + std::to_string(at));
    const auto disk = faulty.copy();
    auto opened = Collection::open(test::fault_vfs(disk), {});
    ASSERT_TRUE(opened);
    disk->operations = 0;
    disk->plan.fail_at = at;
    disk->plan.failure = Code::kNoSpace;
    const auto counts = (*opened)->restore(store::memory_vfs(faulty.snapshot));
    EXPECT_EQ(contents(*(*opened)->view()), counts ? faulty.snapshot_model : faulty.old_model);
    // What is committed after it is there as well, whichever it was.
    Transaction more;
    ASSERT_TRUE(more.add(rows(300, 302).encode()));
    Transaction* const transactions[] = {&more};
    Expected<WriteCounts> results[] = {WriteCounts{}};
    (*opened)->commit(transactions, results);
    opened = Error{Code::kClosed, ""};
    CollectionFixture index(without_locks(disk->as_seen()));
    Model found = contents(*index->view());
    const size_t committed = found.erase("300") + found.erase("301");
    ASSERT_TRUE(committed == 2 || (committed == 0 && !results[0]));
    ASSERT_TRUE(found == (counts ? faulty.snapshot_model : faulty.old_model) ||
                (!counts && !results[0] && found == faulty.snapshot_model));
    ASSERT_TRUE(index.verifies());
    if (disk->operations < at) break;
  }
}

}  // namespace
}  // namespace quiver::engine
