// A collection against a model (std::map): what is written is there, in every state that a
// collection can be in — in the head, in segments, after reopening.

#include "engine/collection.h"

#include <gtest/gtest.h>

#include <map>

#include "base/msgpack.h"
#include "support/batches.h"
#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using Fixture = test::CollectionFixture;
using test::number_metadata;
using test::random_vector;

constexpr uint32_t kDim = 8;

std::vector<float> axis(uint32_t i) {
  std::vector<float> vector(kDim, 0.0F);
  vector[i % kDim] = 1.0F;
  return vector;
}

TEST(Collection, AnItemIsFoundOnceItIsCommitted) {
  Fixture collection;
  const auto counts = collection.commit(BatchMaker(kDim).insert("a", axis(0)).insert("b", axis(1)));
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->inserted, 2U);
  EXPECT_EQ(collection.nearest(axis(1), 1), std::vector<std::string>{"b"});
  EXPECT_TRUE(collection.verifies());
}

TEST(Collection, ARefusedBatchChangesNothing) {
  Fixture collection;
  ASSERT_TRUE(collection.commit(BatchMaker(kDim).insert("a", axis(0))));
  const auto refused = collection.commit(
      BatchMaker(kDim).insert("b", axis(1)).insert("a", axis(2)).insert("c", axis(3)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kItemExists);
  EXPECT_EQ(refused.error().item, 1U);
  EXPECT_EQ(refused.error().message, "Item with id a already exists");
  EXPECT_EQ(collection->view()->live(), 1U);
  collection.reopen();
  EXPECT_EQ(collection->view()->live(), 1U);
}

TEST(Collection, OperationsOfABatchSeeThoseBeforeThem) {
  Fixture collection;
  ASSERT_TRUE(collection.commit(
      BatchMaker(kDim).insert("a", axis(0)).remove("a").insert("a", axis(1)).upsert("a", axis(2))));
  EXPECT_EQ(collection->view()->live(), 1U);
  EXPECT_EQ(collection->view()->parts.back().source->vector(collection->view()->find("a")->row)[2],
            1.0F);
  EXPECT_TRUE(collection.verifies());
}

TEST(Collection, AnUpdateKeepsWhatItDoesNotName) {
  Fixture collection;
  ASSERT_TRUE(collection.commit(BatchMaker(kDim).insert("a", axis(3), number_metadata(7))));
  msgpack::Writer writer;
  writer.map(1);
  writer.text("m");
  writer.boolean(true);
  ASSERT_TRUE(
      collection.commit(BatchMaker(kDim).add(OperationKind::kUpdate, "a", {}, writer.take())));
  for (int round = 0; round < 2; ++round) {
    const auto view = collection->view();
    const auto place = view->find("a");
    ASSERT_TRUE(place);
    const RowSource& source = *view->parts[place->part].source;
    EXPECT_EQ(source.vector(place->row)[3], 1.0F);
    column::Scratch scratch;
    const auto map = source.metadata(place->row, scratch);
    ASSERT_TRUE(map);
    const msgpack::Value metadata(*map);
    EXPECT_EQ(metadata.find("n")->number(), 7);
    EXPECT_TRUE(metadata.find("m")->boolean());
    collection.reopen();
  }
}

TEST(Collection, UpdatingWhatIsNotThereIsAnError) {
  Fixture collection;
  const auto refused =
      collection.commit(BatchMaker(kDim).add(OperationKind::kUpdate, "ghost", axis(0)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kItemNotFound);
}

TEST(Collection, AWrongLengthNamesTheItem) {
  Fixture collection;
  ASSERT_TRUE(collection.commit(BatchMaker(kDim).insert("a", axis(0))));
  const auto refused = collection.commit(BatchMaker(3).insert("short", {1, 2, 3}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kDimensionMismatch);
  EXPECT_EQ(refused.error().message, "Expected a vector of 8 dimensions for item \"short\", got 3");
}

TEST(Collection, AViewKeepsWhatItShowsWhileWritesHappen) {
  Fixture collection;
  ASSERT_TRUE(collection.commit(BatchMaker(kDim).insert("a", axis(0)).insert("b", axis(1))));
  const auto before = collection->view();
  ASSERT_TRUE(collection.commit(BatchMaker(kDim).remove("a").upsert("b", axis(2))));
  EXPECT_EQ(before->live(), 2U);
  EXPECT_TRUE(before->find("a"));
  EXPECT_FALSE(collection->view()->find("a"));
}

TEST(Collection, AZeroVectorUnderCosineScoresZero) {
  Fixture collection(Metric::kCosine);
  ASSERT_TRUE(collection.commit(
      BatchMaker(kDim).insert("zero", std::vector<float>(kDim, 0.0F)).insert("a", axis(0))));
  const auto view = collection->view();
  for (const auto& vector : {axis(0), std::vector<float>(kDim, 0.0F)}) {
    const auto query = prepare_query(*view, Metric::kCosine, vector);
    ASSERT_TRUE(query);
    const auto hits = search_view(*view, *query, {});
    ASSERT_TRUE(hits);
    for (const Hit& hit : *hits) {
      const bool is_zero = Fixture::id_of(view->row(hit.part, hit.row)) == "zero";
      EXPECT_EQ(score_of(hit.distance), is_zero || vector[0] == 0 ? 0.0F : 1.0F);
    }
  }
}

TEST(Collection, EqualScoresAreOrderedById) {
  Fixture collection;
  BatchMaker batch(kDim);
  for (const char* id : {"d", "b", "e", "a", "c"}) batch.insert(id, axis(0));
  ASSERT_TRUE(collection.commit(batch));
  EXPECT_EQ(collection.nearest(axis(0), 3), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Collection, CreatingTwiceAndOpeningNothingAreErrors) {
  Fixture collection;
  auto vfs = store::memory_vfs(collection.disk_);
  ASSERT_TRUE(collection->become_writer());
  EXPECT_EQ(Collection::create(*vfs, {}).error().code, Code::kIndexExists);
  EXPECT_TRUE(collection->close());
  EXPECT_EQ(Collection::create(*vfs, {}).error().code, Code::kIndexExists);
  const auto nothing =
      Collection::open(store::memory_vfs(std::make_shared<store::MemoryDisk>()), {});
  EXPECT_EQ(nothing.error().code, Code::kIndexNotFound);
}

TEST(Collection, MissingFilesAreNamed) {
  Fixture collection(Metric::kL2, 4);
  BatchMaker batch(kDim);
  for (uint32_t i = 0; i < 8; ++i) batch.insert(std::to_string(i), axis(i));
  ASSERT_TRUE(collection.commit(batch));
  collection.maintain();
  EXPECT_TRUE(collection->close());
  const auto files = collection.disk_->files;
  for (const auto& [name, content] : files) {
    if (!store::segment_file_number(name) && !store::log_file_number(name)) continue;
    collection.disk_->files.erase(name);
    const auto opened = Collection::open(store::memory_vfs(collection.disk_), {});
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error().code, Code::kMissingFile);
    EXPECT_NE(opened.error().message.find(name), std::string::npos) << opened.error().message;
    collection.disk_->files = files;
  }
}

TEST(Collection, ALogOfWhatIsNeverLoggedIsRefused) {
  const auto opened = [](const BatchMaker& batch) {
    Fixture collection;
    const auto vfs = store::memory_vfs(collection.disk_);
    auto log = store::LogWriter::create(*vfs, 2, 1);
    EXPECT_TRUE(log && (*log)->append(batch.encode(), true) && (*log)->sync());
    return Collection::open(vfs, {});
  };
  EXPECT_TRUE(opened(BatchMaker(kDim).upsert("a", axis(0)).remove("b")));
  for (const auto& batch :
       {BatchMaker(kDim).add(OperationKind::kUpdate, "a"),
        BatchMaker(kDim).upsert("a", axis(0)).add(OperationKind::kUpdate, "a", axis(1)),
        BatchMaker(kDim).insert("a", axis(0))}) {
    const auto collection = opened(batch);
    ASSERT_FALSE(collection);
    EXPECT_EQ(collection.error().code, Code::kCorruptFile);
    EXPECT_EQ(collection.error().message.find("log-000002.qlog"), 0U);
  }
}

TEST(Collection, DestroyRemovesTheIndexAndNothingElse) {
  Fixture collection;
  auto vfs = store::memory_vfs(collection.disk_);
  ASSERT_TRUE(collection->become_writer());
  EXPECT_EQ(Collection::destroy(*vfs).error().code, Code::kLocked);
  EXPECT_TRUE(collection->close());
  collection.disk_->files["notes.txt"] = std::make_shared<const Buffer>();
  ASSERT_TRUE(Collection::destroy(*vfs));
  EXPECT_EQ(collection.disk_->files.size(), 1U);
  EXPECT_EQ(Collection::destroy(*vfs).error().code, Code::kIndexNotFound);
}

/// The same random history on the collection and on a map; seals, merges and reopenings at random.
class RandomHistory : public testing::TestWithParam<uint32_t> {};

TEST_P(RandomHistory, MatchesTheModel) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  std::mt19937 random(GetParam());
  Fixture collection(GetParam() % 2 == 0 ? Metric::kL2 : Metric::kCosine, 300);
  std::map<std::string, std::vector<float>> model;
  for (int step = 0; step < 60; ++step) {
    BatchMaker batch(kDim);
    auto next = model;
    bool is_valid = true;
    for (uint32_t i = 0, n = 1 + random() % 120; i < n; ++i) {
      const std::string id = "item-" + std::to_string(random() % 3000);
      const auto vector = random_vector(random, kDim);
      switch (random() % 8) {
        case 0:
          batch.remove(id);
          next.erase(id);
          break;
        case 1:
          if (next.count(id) != 0 && random() % 20 != 0) break;  // a refused batch now and then
          is_valid = is_valid && next.count(id) == 0;
          batch.insert(id, vector);
          next[id] = vector;
          break;
        default:
          batch.upsert(id, vector);
          next[id] = vector;
      }
    }
    ASSERT_EQ(collection.commit(batch).has_value(), is_valid);
    if (is_valid) model = std::move(next);
    if (random() % 4 == 0) collection.maintain();
    if (random() % 6 == 0) collection.reopen();
    if (random() % 20 == 0) {
      EXPECT_TRUE(collection->request_optimize());
    }
  }
  collection.maintain();
  const auto view = collection->view();
  ASSERT_EQ(view->live(), model.size());
  for (const auto& [id, vector] : model) {
    const auto place = view->find(id);
    ASSERT_TRUE(place) << id;
    const float* stored = view->parts[place->part].source->vector(place->row);
    ASSERT_TRUE(std::equal(vector.begin(), vector.end(), stored)) << id;
    ASSERT_EQ(collection.nearest(vector, 1, true), std::vector<std::string>{id});
  }
  EXPECT_TRUE(collection.verifies());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistory, testing::Range(1U, 9U));

TEST(Collection, OptimizeLeavesOneSegmentWithoutDeletedRows) {
  Fixture collection;
  std::mt19937 random(5);
  for (int round = 0; round < 3; ++round) {
    BatchMaker batch(kDim);
    for (int i = 0; i < 800; ++i) {
      batch.insert(std::to_string(round) + "/" + std::to_string(i), random_vector(random, kDim));
    }
    batch.remove("0/1");
    ASSERT_TRUE(collection.commit(batch));
    EXPECT_TRUE(collection->request_optimize());
    collection.maintain();
  }
  const auto view = collection->view();
  ASSERT_EQ(view->parts.size(), 1U);
  EXPECT_EQ(view->parts[0].deleted_count, 0U);
  EXPECT_EQ(view->live(), 2399U);
  EXPECT_TRUE(collection.verifies());
}

TEST(Collection, RowsDeletedWhileASegmentIsBuiltStayDeleted) {
  Fixture collection(Metric::kL2, 100);
  BatchMaker batch(kDim);
  std::mt19937 random(6);
  for (int i = 0; i < 2000; ++i) batch.insert(std::to_string(i), random_vector(random, kDim));
  ASSERT_TRUE(collection.commit(batch));
  auto job = collection->next_job();
  ASSERT_TRUE(job);
  ASSERT_TRUE(collection.commit(
      BatchMaker(kDim).remove("17").upsert("18", axis(0)).insert("new", axis(1))));
  ASSERT_TRUE(job->prepare());
  EXPECT_TRUE(*job->link([] { return true; }));
  ASSERT_TRUE(job->write(collection->vfs()));
  ASSERT_TRUE(collection->install(*job));
  for (int round = 0; round < 2; ++round) {
    const auto view = collection->view();
    EXPECT_EQ(view->live(), 2000U);
    EXPECT_FALSE(view->find("17"));
    EXPECT_EQ(collection.nearest(axis(0), 1), std::vector<std::string>{"18"});
    EXPECT_TRUE(collection.verifies());
    collection.reopen();
  }
}

}  // namespace
}  // namespace quiver::engine
