// Several processes on one folder: one writes, the others follow. Each collection here stands for a
// process of its own; they share nothing but the disk.

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "engine/collection.h"
#include "store/file_names.h"
#include "support/batches.h"
#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;

constexpr uint32_t kDim = 8;

BatchMaker rows(uint32_t first, uint32_t last) { return test::numbered_rows(first, last, kDim); }

TEST(Readers, SeeWhatIsCommittedWhenTheyLook) {
  CollectionFixture writer;
  CollectionFixture reader(writer, {});
  EXPECT_EQ(reader->view()->live(), 0U);
  EXPECT_FALSE(*reader->refresh());

  ASSERT_TRUE(writer.commit(rows(0, 10)));
  const auto before = reader->view();
  EXPECT_TRUE(*reader->refresh());
  EXPECT_FALSE(*reader->refresh());
  EXPECT_EQ(before->live(), 0U);
  EXPECT_EQ(reader->view()->live(), 10U);
  EXPECT_GT(reader->view()->version, before->version);

  ASSERT_TRUE(writer.commit(rows(5, 15)));
  ASSERT_TRUE(writer.commit(BatchMaker(kDim).remove("0")));
  EXPECT_TRUE(*reader->refresh());
  EXPECT_EQ(reader->view()->live(), 14U);
  EXPECT_TRUE(reader.verifies());
}

TEST(Readers, FollowSealsAndMerges) {
  CollectionFixture writer(Metric::kL2, 4);
  CollectionFixture reader(writer, {});
  for (uint32_t round = 0; round < 12; ++round) {
    ASSERT_TRUE(writer.commit(rows(round * 5, round * 5 + 7)));
    if (round % 2 == 1) {
      EXPECT_TRUE(*reader->refresh());
    }
    writer.maintain();
    ASSERT_TRUE(reader->refresh());
    ASSERT_EQ(reader->view()->live(), round * 5 + 7) << "round " << round;
    EXPECT_TRUE(reader.verifies());
  }
}

TEST(Readers, FollowARandomHistory) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    CollectionFixture writer(Metric::kL2, 60);
    CollectionFixture reader(writer, {});
    for (int step = 0; step < 80; ++step) {
      BatchMaker batch(kDim);
      for (uint32_t i = 0, n = 1 + random() % 30; i < n; ++i) {
        const std::string id = "item-" + std::to_string(random() % 400);
        if (random() % 4 == 0) {
          batch.remove(id);
        } else {
          batch.upsert(id, random_vector(random, kDim));
        }
      }
      ASSERT_TRUE(writer.commit(batch));
      if (random() % 3 == 0) writer.maintain();
      if (random() % 10 == 0) writer.reopen();
      if (random() % 2 != 0) continue;
      ASSERT_TRUE(reader->refresh());
      const auto expected = writer->view();
      const auto actual = reader->view();
      ASSERT_EQ(actual->live(), expected->live());
      const auto query = random_vector(random, kDim);
      ASSERT_EQ(reader.nearest(query, 5, true), writer.nearest(query, 5, true));
    }
    EXPECT_TRUE(reader.verifies());
  }
}

TEST(Readers, DoNotSeeHalfATransaction) {
  CollectionFixture writer;
  ASSERT_TRUE(writer.commit(rows(0, 3)));
  // The log as it is while its last transaction is being written, at every length.
  const auto log_name = [&] {
    std::string last;
    for (const auto& [name, content] : writer.disk_->files) {
      if (store::log_file_number(name)) last = name;
    }
    return last;
  }();
  const Buffer before = *writer.disk_->files[log_name];
  ASSERT_TRUE(writer.commit(rows(3, 6)));
  const Buffer whole = *writer.disk_->files[log_name];
  size_t end = whole.size();
  while (whole[end - 1] == 0) --end;
  end = (end + 7) / 8 * 8;
  ASSERT_LT(end, whole.size());
  // Written into room that was there before, or making the file longer.
  for (const bool has_room : {true, false}) {
    writer.disk_->files[log_name] = std::make_shared<const Buffer>(before);
    CollectionFixture reader(writer, {});
    for (size_t size = before.size(); size <= end; ++size) {
      Buffer part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
      if (has_room) part.resize(whole.size());
      writer.disk_->files[log_name] = std::make_shared<const Buffer>(std::move(part));
      ASSERT_TRUE(reader->refresh());
      const uint64_t live = reader->view()->live();
      ASSERT_TRUE(live == 3 || live == 6) << live << " rows at " << size;
      // The last bytes are padding.
      if (size + 8 <= end) {
        ASSERT_EQ(live, 3U) << size;
      }
    }
    EXPECT_EQ(reader->view()->live(), 6U);
  }
}

TEST(Readers, OneAtATimeWrites) {
  CollectionFixture first;
  CollectionFixture second(first, {});
  ASSERT_TRUE(first.commit(rows(0, 3)));
  const auto refused = second.commit(rows(3, 6));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kLocked);
  EXPECT_EQ(second->request_optimize().error().code, Code::kLocked);
  // Being refused is no failure that lasts.
  ASSERT_TRUE(first->close());
  ASSERT_TRUE(second.commit(rows(3, 6)));
  EXPECT_EQ(second->view()->live(), 6U);
  EXPECT_TRUE(second.verifies());
}

TEST(Readers, AWriterTakesOverWhatItHasNotSeenYet) {
  CollectionFixture first(Metric::kL2, 4);
  CollectionFixture second(first, {});
  ASSERT_TRUE(first.commit(rows(0, 9)));
  first.maintain();
  ASSERT_TRUE(first.commit(rows(9, 11)));
  ASSERT_TRUE(first->close());
  // Without looking first: "0" exists.
  const auto refused = second.commit(BatchMaker(kDim).insert("0", std::vector<float>(kDim, 1.0F)));
  EXPECT_EQ(refused.error().code, Code::kItemExists);
  EXPECT_EQ(second->view()->live(), 11U);
}

TEST(Readers, ReadOnlyTakesUpNoMaintenance) {
  CollectionFixture writer(Metric::kL2, 4);
  ASSERT_TRUE(writer.commit(rows(0, 9)));
  ASSERT_TRUE(writer->close());
  OpenOptions options;
  options.read_only = true;
  options.seal_threshold = 4;
  const auto files = writer.disk_->files;
  CollectionFixture reader(writer, options);
  EXPECT_EQ(reader->view()->live(), 9U);
  EXPECT_EQ(reader->next_job(), nullptr);
  EXPECT_TRUE(reader->close());
  EXPECT_EQ(writer.disk_->files, files);
}

TEST(Readers, AnIndexMadeAnewIsNotTakenForTheOldOne) {
  CollectionFixture reader;
  ASSERT_TRUE(reader.commit(rows(0, 3)));
  reader.reopen();
  auto vfs = store::memory_vfs(reader.disk_);
  ASSERT_TRUE(Collection::destroy(*vfs));
  EXPECT_EQ(reader->refresh().error().code, Code::kIndexNotFound);
  ASSERT_TRUE(Collection::create(*vfs, {}));
  EXPECT_EQ(reader->refresh().error().code, Code::kIndexNotFound);
  EXPECT_EQ(reader.commit(rows(0, 1)).error().code, Code::kIndexNotFound);
}

TEST(Readers, AManifestThatDoesNotFitWhatIsOpenIsRefused) {
  CollectionFixture writer(Metric::kL2, 4);
  ASSERT_TRUE(writer.commit(rows(0, 9)));
  writer.maintain();
  ASSERT_TRUE(writer->close());
  const auto vfs = store::memory_vfs(writer.disk_);
  const auto sound = store::read_manifest(*vfs);
  ASSERT_TRUE(sound);
  ASSERT_EQ(sound->segments.size(), 1U);

  const auto refused = [&](auto change) {
    CollectionFixture reader(writer, {});
    store::Manifest manifest = *sound;
    Config config = *decode_config(manifest.config);
    change(manifest, config);
    manifest.config = encode_config(config);
    EXPECT_TRUE(store::write_manifest(*vfs, manifest));
    const auto refreshed = reader->refresh();
    EXPECT_EQ(reader->view()->live(), 9U);
    EXPECT_EQ(reader.nearest(std::vector<float>(kDim, 0.5F), 9).size(), 9U);
    EXPECT_TRUE(store::write_manifest(*vfs, *sound));
    return !refreshed && refreshed.error().code == Code::kCorruptFile &&
           refreshed.error().message.find("manifest") != std::string::npos;
  };
  EXPECT_FALSE(refused([](auto& manifest, auto&) { ++manifest.next_file_number; }));
  EXPECT_TRUE(refused([](auto&, Config& config) { config.metric = Metric::kCosine; }));
  EXPECT_TRUE(refused([](auto&, Config& config) { config.dimensions = 1000; }));
  EXPECT_TRUE(refused([](auto&, Config& config) { config.dimensions = 0; }));
  EXPECT_TRUE(refused([](auto& manifest, auto&) { manifest.segments[0].rows = 100'000; }));
}

TEST(Readers, MaintenanceLeftUndoneIsDoneByTheNextToOpenAndTheLockGivenBack) {
  CollectionFixture first(Metric::kL2, 4);
  ASSERT_TRUE(first.commit(rows(0, 9)));
  ASSERT_TRUE(first->close());

  OpenOptions options;
  options.seal_threshold = 4;
  CollectionFixture second(first, options);
  CollectionFixture third(first, {});
  second.maintain();
  EXPECT_EQ(second->view()->parts.size(), 1U);
  EXPECT_EQ(second->view()->live(), 9U);
  ASSERT_TRUE(third.commit(rows(9, 10)));
  EXPECT_TRUE(*second->refresh());
  EXPECT_EQ(second->view()->live(), 10U);
}

}  // namespace
}  // namespace quiver::engine
