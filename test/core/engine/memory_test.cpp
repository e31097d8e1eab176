// What of an index is in memory: mapped segments, and a limit that takes them out again.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "engine/collection.h"
#include "engine/searcher.h"
#include "store/vfs_native.h"
#include "support/batches.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::random_vector;

/// Two segments of an index on the disk, the second larger than the first.
class Memory : public testing::Test {
 protected:
  static constexpr uint32_t kDim = 64;

  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("quiver-memory-" + std::to_string(std::random_device{}()));
    Config config;
    config.metric = Metric::kL2;
    config.graph = {8, 40};
    ASSERT_TRUE(Collection::create(*vfs(), config));
    OpenOptions options;
    options.seal_threshold = 500;
    open(options);
    for (const uint32_t rows : {600U, 900U}) {
      BatchMaker batch(kDim);
      for (uint32_t i = 0; i < rows; ++i) {
        batch.insert(std::to_string(rows + i * 10000), random_vector(random_, kDim));
      }
      Transaction transaction;
      ASSERT_TRUE(transaction.add(batch.encode()));
      Transaction* const transactions[] = {&transaction};
      Expected<WriteCounts> results[] = {WriteCounts{}};
      collection_->commit(transactions, results);
      ASSERT_TRUE(results[0]);
      auto job = collection_->next_job();
      ASSERT_TRUE(job);
      while (!*job->work(collection_->vfs(), [] { return true; })) {
      }
      ASSERT_TRUE(collection_->install(*job));
    }
    ASSERT_EQ(collection_->view()->parts.size(), 2U);
    collection_.reset();
  }

  void TearDown() override {
    collection_.reset();
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::shared_ptr<store::Vfs> vfs() const {
    return store::native_vfs(folder_.string());
  }

  void open(const OpenOptions& options) {
    auto opened = Collection::open(vfs(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    collection_ = std::move(*opened);
  }

  std::vector<float> scores() {
    std::mt19937 random(7);
    const auto view = collection_->view();
    std::vector<float> scores;
    for (int i = 0; i < 10; ++i) {
      const std::vector<float> vector = random_vector(random, kDim);
      const auto query = prepare_query(*view, Metric::kL2, vector);
      QueryOptions options;
      options.exact = true;
      const auto hits = search_view(*view, *query, options);
      for (const Hit& hit : *hits) scores.push_back(hit.distance);
    }
    return scores;
  }

  /// Bytes in memory of one segment.
  uint64_t resident(size_t part) {
    return static_cast<const Segment&>(*collection_->view()->parts[part].source)
        .content()
        .resident();
  }

  std::filesystem::path folder_;
  std::mt19937 random_{1};
  std::shared_ptr<Collection> collection_;
};

TEST_F(Memory, MappedSegmentsComeByUseAndGoAtTheLimit) {
  OpenOptions options;
  open(options);
  const MemoryUse opened = collection_->memory_use();
  EXPECT_EQ(opened.mapped, opened.segments);
  EXPECT_GT(opened.segments, uint64_t{1500} * kDim * sizeof(float));
  EXPECT_FALSE(collection_->has_memory_limit());
  const std::vector<float> expected = scores();
  const MemoryUse used = collection_->memory_use();
  EXPECT_GT(used.resident, uint64_t{1500} * kDim * sizeof(float));
  EXPECT_LE(used.resident, used.segments);
  collection_.reset();

  options.memory_limit = 1;
  open(options);
  ASSERT_EQ(scores(), expected);
  collection_->keep_to_memory_limit();
#ifdef __linux__  // elsewhere what the system caches may count
  EXPECT_LT(collection_->memory_use().resident, used.resident / 4);
#endif
  EXPECT_EQ(scores(), expected);
}

TEST_F(Memory, HowLongQueriesTakeIsForgottenWhereTheNextReadsTheDisk) {
  OpenOptions options;
  options.seal_threshold = 500;
  options.memory_limit = 1;
  open(options);
  QueryPace& pace = collection_->query_pace();
  const auto is_known = [&pace] { return pace.estimate(80) < std::chrono::hours(1); };
  EXPECT_FALSE(is_known());
  pace.record(80, std::chrono::microseconds(20));
  ASSERT_TRUE(is_known());
  ASSERT_EQ(scores().size(), 100U);
  collection_->keep_to_memory_limit();
#ifdef __linux__  // elsewhere what the system caches may count
  EXPECT_FALSE(is_known());
#endif

  pace.record(80, std::chrono::microseconds(20));
  BatchMaker batch(kDim);
  for (uint32_t i = 0; i < 600; ++i) {
    batch.insert("new " + std::to_string(i), random_vector(random_, kDim));
  }
  Transaction transaction;
  ASSERT_TRUE(transaction.add(batch.encode()));
  Transaction* const transactions[] = {&transaction};
  Expected<WriteCounts> results[] = {WriteCounts{}};
  collection_->commit(transactions, results);
  ASSERT_TRUE(results[0]);
  EXPECT_TRUE(is_known());  // rows in memory are not slow
  auto job = collection_->next_job();
  ASSERT_TRUE(job);
  while (!*job->work(collection_->vfs(), [] { return true; })) {
  }
  ASSERT_TRUE(collection_->install(*job));
  EXPECT_FALSE(is_known());
}

#ifdef __linux__
TEST_F(Memory, TheLimitTakesWhatWasNotUsedForLongest) {
  OpenOptions options;
  options.memory_limit = uint64_t{1100} * kDim * sizeof(float);
  open(options);
  (void)scores();
  const auto view = collection_->view();
  for (const size_t last : {size_t{1}, size_t{0}}) {
    for (const size_t part : {1 - last, last}) {
      std::vector<index::Neighbor> found;
      column::Scratch scratch;
      view->parts[part].source->note_use();
      for (uint32_t row = 0; row < view->parts[part].count; ++row) {
        EXPECT_TRUE(view->parts[part].source->metadata(row, scratch));
        volatile float touched = *view->parts[part].source->vector(row);
        (void)touched;
      }
    }
    collection_->keep_to_memory_limit();
    EXPECT_LT(resident(1 - last), resident(last)) << last;
    EXPECT_GT(resident(last), uint64_t{500} * kDim * sizeof(float));
  }
}
#endif

TEST_F(Memory, SmallSegmentsCanBeReadIntoMemory) {
  OpenOptions options;
  options.mmap_threshold = 700;
  open(options);
  const MemoryUse mixed = collection_->memory_use();
  EXPECT_EQ(mixed.mapped, collection_->view()->parts[1].source->bytes());
  const std::vector<float> expected = scores();
  collection_.reset();
  options.use_mmap = false;
  open(options);
  const MemoryUse loaded = collection_->memory_use();
  EXPECT_EQ(loaded.mapped, 0U);
  EXPECT_EQ(loaded.resident, loaded.segments);
  EXPECT_EQ(scores(), expected);
  collection_->keep_to_memory_limit();
  EXPECT_EQ(collection_->memory_use().resident, loaded.segments);
}

/// Rows that come faster than graphs are built.
class FullHeads : public Memory {
 protected:
  void SetUp() override {
    Memory::SetUp();
    OpenOptions options;
    options.seal_threshold = 300;
    options.memory_limit = uint64_t{4000} * kDim * sizeof(float);
    open(options);
  }

  void insert(uint32_t rows) {
    BatchMaker batch(kDim);
    for (uint32_t i = 0; i < rows; ++i) {
      batch.insert("new" + std::to_string(next_++), random_vector(random_, kDim));
    }
    Transaction transaction;
    ASSERT_TRUE(transaction.add(batch.encode()));
    Transaction* const transactions[] = {&transaction};
    Expected<WriteCounts> results[] = {WriteCounts{}};
    collection_->commit(transactions, results);
    ASSERT_TRUE(results[0]) << results[0].error().message;
    const auto room = collection_->make_room();
    ASSERT_TRUE(room) << room.error().message;
  }

  uint32_t next_ = 0;
};

TEST_F(FullHeads, GoToTheDiskWhileAGraphIsBuilt) {
  insert(1500);
  auto job = collection_->next_job();
  ASSERT_TRUE(job);
  ASSERT_TRUE(job->prepare());
  uint64_t most = 0;
  for (int i = 0; i < 20; ++i) {
    insert(500);
    most = std::max(most, collection_->memory_use().head);
  }
  // The job's rows, those before room is made, and what a batch brings.
  EXPECT_LT(most, uint64_t{1500 + 2500 + 500} * (kDim + 30) * sizeof(float));
  const std::vector<float> expected = scores();
  EXPECT_TRUE(*job->link([] { return true; }));
  ASSERT_TRUE(job->write(collection_->vfs()));
  ASSERT_TRUE(collection_->install(*job));
  EXPECT_EQ(scores(), expected);
  while (auto more = collection_->next_job()) {
    while (!*more->work(collection_->vfs(), [] { return true; })) {
    }
    ASSERT_TRUE(collection_->install(*more));
  }
  EXPECT_EQ(scores(), expected);
  const auto view = collection_->view();
  EXPECT_EQ(view->live(), 1500U + 1500U + 10000U);
  for (const Part& part : view->parts) {
    EXPECT_TRUE(part.count < 1024 || part.source->graph() != nullptr) << part.count;
  }
}

TEST_F(FullHeads, MayHaveNoRoomAtAll) {
  OpenOptions options;
  options.memory_limit = 1;
  open(options);
  ASSERT_TRUE(collection_->make_room());
  insert(10);
  EXPECT_EQ(collection_->memory_use().head, 0U);
  EXPECT_EQ(collection_->view()->live(), 1510U);
}

TEST_F(FullHeads, AreThereAfterACrashInBetween) {
  insert(1500);
  auto job = collection_->next_job();
  ASSERT_TRUE(job);
  for (int i = 0; i < 10; ++i) insert(500);
  const std::vector<float> expected = scores();
  const uint64_t live = collection_->view()->live();
  std::filesystem::path copy = folder_;
  copy += "-copy";
  std::filesystem::copy(folder_, copy);  // what a process that dies here leaves
  collection_.reset();
  std::filesystem::remove_all(folder_);
  std::filesystem::rename(copy, folder_);
  open({});
  EXPECT_EQ(collection_->view()->live(), live);
  EXPECT_EQ(scores(), expected);
}

}  // namespace
}  // namespace quiver::engine
