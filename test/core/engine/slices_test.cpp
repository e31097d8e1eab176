// Maintenance on hosts without threads: in slices that do little each.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "support/collection_fixture.h"
#include "support/forwarding_vfs.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;

/// Counts the bytes that are written, and reads ahead in five steps.
class CountingVfs final : public test::ForwardingVfs {
 public:
  using ForwardingVfs::ForwardingVfs;

  uint64_t bytes = 0;
  uint32_t read_steps = 0;

  Expected<std::shared_ptr<store::FileReading>> read_ahead(std::string_view name) override {
    EXPECT_TRUE(*inner_->exists(name));
    return std::shared_ptr<store::FileReading>(std::make_shared<Reading>(read_steps));
  }

  Expected<std::unique_ptr<store::WritableFile>> create(std::string_view name) override {
    auto file = inner_->create(name);
    if (!file) return file.error();
    return std::unique_ptr<store::WritableFile>(std::make_unique<File>(std::move(*file), bytes));
  }

 private:
  class Reading final : public store::FileReading {
   public:
    explicit Reading(uint32_t& steps) : steps_(steps) {}
    Expected<bool> step() override { return ++steps_ == 5; }

   private:
    uint32_t& steps_;
  };

  class File final : public store::WritableFile {
   public:
    File(std::unique_ptr<store::WritableFile> inner, uint64_t& bytes)
        : inner_(std::move(inner)), bytes_(bytes) {}
    Expected<void> append(Bytes bytes) override {
      bytes_ += bytes.size();
      return inner_->append(bytes);
    }
    Expected<void> sync() override { return inner_->sync(); }

   private:
    std::unique_ptr<store::WritableFile> inner_;
    uint64_t& bytes_;
  };
};

TEST(Slices, OfALargeBuildDoAFewStepsEach) {
  constexpr uint32_t kRows = 20000;
  constexpr uint32_t kDim = 32;
  CollectionFixture collection;
  std::mt19937 random{1};
  BatchMaker batch(kDim);
  for (uint32_t i = 0; i < kRows; ++i) {
    batch.insert(std::to_string(i), random_vector(random, kDim));
  }
  ASSERT_TRUE(collection.commit(batch));
  ASSERT_TRUE(collection->request_optimize());
  const auto vfs = std::make_shared<CountingVfs>(store::memory_vfs(collection.disk_));
  const auto job = collection->next_job();
  ASSERT_TRUE(job);

  uint64_t slices = 0;
  uint64_t most_bytes = 0;
  uint32_t most_linked = 0;
  uint32_t most_read = 0;
  for (bool is_done = false; !is_done; ++slices) {
    const uint64_t bytes = vfs->bytes;
    const uint32_t linked = job->rows_done();
    const uint32_t read = vfs->read_steps;
    // No time is left whenever it is asked: one step.
    const auto done = job->work(*vfs, [] { return false; });
    ASSERT_TRUE(done) << done.error().message;
    is_done = *done;
    most_bytes = std::max(most_bytes, vfs->bytes - bytes);
    most_linked = std::max(most_linked, job->rows_done() - linked);
    most_read = std::max(most_read, vfs->read_steps - read);
  }
  // Rows are encoded 64 at a time, and linked one by one.
  EXPECT_GT(slices, kRows + kRows / 64);
  EXPECT_LE(most_linked, 1U);
  EXPECT_LE(most_bytes, uint64_t{2} << 20);
  EXPECT_EQ(vfs->read_steps, 5U);
  EXPECT_EQ(most_read, 1U);
  ASSERT_TRUE(collection->install(*job));
  EXPECT_TRUE(collection.verifies());
}

}  // namespace
}  // namespace quiver::engine
