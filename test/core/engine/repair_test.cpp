// What is whole in a damaged index is in the repaired one, to the bit, and nothing else is; the
// source stays as it is, and repair itself fails for no damage.

#include "engine/repair.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "engine/collection.h"
#include "store/file_names.h"
#include "store/lock.h"
#include "store/segment_file.h"
#include "store/vfs_memory.h"
#include "support/batches.h"
#include "support/collection_fixture.h"
#include "support/fault_vfs.h"
#include "support/log_room.h"

namespace quiver::engine {
namespace {

using store::MemoryDisk;
using test::BatchMaker;
using test::CollectionFixture;
using test::number_metadata;
using test::random_vector;

constexpr uint32_t kDim = 24;

struct Item {
  std::vector<float> vector;
  Buffer metadata;
  bool operator==(const Item&) const = default;
};
using Model = std::map<std::string, Item>;

Model contents(const View& view) {
  Model model;
  for (const Part& part : view.parts) {
    for (uint32_t row = 0; row < part.count; ++row) {
      if (!part.is_live(row)) continue;
      std::string id_scratch;
      column::Scratch scratch;
      const std::string id(*part.source->id(row, id_scratch));
      const Bytes metadata = *part.source->metadata(row, scratch);
      const float* vector = part.source->vector(row);
      EXPECT_TRUE(
          model.emplace(id, Item{{vector, vector + view.dim}, {metadata.begin(), metadata.end()}})
              .second)
          << id << " is there twice";
    }
  }
  return model;
}

std::shared_ptr<MemoryDisk> copy_of(const MemoryDisk& disk) {
  auto copy = std::make_shared<MemoryDisk>();
  copy->files = disk.files;
  return copy;
}

/// {n: i, text: …}: a column of numbers and one of compressed texts.
Buffer metadata_of(uint32_t i, uint32_t version) {
  msgpack::Writer writer;
  writer.map(2);
  writer.text("n");
  writer.number(i);
  writer.text("text");
  std::mt19937 random(i * 3 + version);
  std::string text = "This is text " + std::to_string(i) + " in version " +
                     std::to_string(version) + ", with words that compress well, well, well, and ";
  for (int c = 0; c < 20; ++c) text += static_cast<char>('!' + random() % 90);
  writer.text(text);
  return writer.take();
}

/// An index with two segments, the first one with a graph and several blocks of everything,
/// replaced and deleted rows in both, and a log of transactions of one and of several records.
class RepairTest : public testing::Test {
 protected:
  explicit RepairTest(Metric metric = Metric::kCosine) : metric_(metric) {}

  void SetUp() override {
    CollectionFixture index(metric_, 1200);
    ASSERT_TRUE(index.commit(upserts(0, 6000, 1)));
    index.maintain();
    ASSERT_TRUE(index.commit(upserts(5900, 7200, 2)));
    BatchMaker deletes(kDim);
    for (uint32_t i = 0; i < 100; ++i) deletes.remove(name(i * 13));
    ASSERT_TRUE(index.commit(deletes));
    index.maintain();
    // The rest stays in the log: two records and a delete in one transaction among others.
    for (uint32_t i = 0; i < 20; ++i) {
      if (i == 10) {
        Transaction transaction;
        ASSERT_TRUE(transaction.add(upserts(8000, 8010, 3).encode()));
        ASSERT_TRUE(transaction.add(upserts(8010, 8020, 3).remove(name(5000)).encode()));
        Transaction* const transactions[] = {&transaction};
        Expected<WriteCounts> results[] = {WriteCounts{}};
        index->commit(transactions, results);
        ASSERT_TRUE(results[0]);
      }
      ASSERT_TRUE(index.commit(upserts(7100 + i * 10, 7110 + i * 10, 3)));
    }
    model_ = contents(*index->view());
    for (const Part& part : index->view()->parts) {
      for (uint32_t row = 0; row < part.count; ++row) note(part, row);
    }
    ASSERT_TRUE(index->close());
    disk_ = copy_of(*index.disk_);
    disk_->files = test::without_room(disk_->files);
    for (const auto& [file, content] : disk_->files) {
      if (store::segment_file_number(file)) segments_.push_back(file);
      if (store::log_file_number(file)) logs_.push_back(file);
    }
    ASSERT_EQ(segments_.size(), 2U);
    ASSERT_GE(logs_.size(), 1U);
  }

  /// Every version of an item that ever was, for damage to what tells them apart.
  void note(const Part& part, uint32_t row) {
    std::string id_scratch;
    column::Scratch scratch;
    const Bytes metadata = *part.source->metadata(row, scratch);
    const float* vector = part.source->vector(row);
    history_[std::string(*part.source->id(row, id_scratch))].push_back(
        {{vector, vector + kDim}, {metadata.begin(), metadata.end()}});
  }

  static std::string name(uint32_t i) { return "item-" + std::to_string(i); }

  static BatchMaker upserts(uint32_t first, uint32_t last, uint32_t version) {
    std::mt19937 random(first * 31 + version);
    BatchMaker batch(kDim);
    for (uint32_t i = first; i < last; ++i) {
      batch.upsert(name(i), random_vector(random, kDim), metadata_of(i, version));
    }
    return batch;
  }

  void flip(const std::string& file, size_t at, uint8_t mask = 0xFF) {
    Buffer content = *disk_->files.at(file);
    content[at] ^= mask;
    disk_->files[file] = std::make_shared<const Buffer>(std::move(content));
  }

  /// Where a section begins in a segment file, and its size.
  std::pair<size_t, size_t> place_of(const std::string& file, uint32_t section) {
    const auto opened = store::SegmentFile::open(*store::memory_vfs(disk_), file);
    const auto bytes = (*opened)->section(section);
    return {(*opened)->offset_of(*bytes), bytes->size()};
  }

  /// Repairs the disk; what comes out stands in repaired_, report_ and kept_.
  void repair_it() {
    const auto before = disk_->files;
    repaired_ = std::make_shared<MemoryDisk>();
    const auto report = repair(*store::memory_vfs(disk_), store::memory_vfs(repaired_));
    ASSERT_TRUE(report) << report.error().message;
    report_ = *report;
    EXPECT_EQ(disk_->files, before) << "the source is written to";
    CollectionFixture index(repaired_);
    kept_ = contents(*index->view());
    EXPECT_EQ(report_.rows_kept, kept_.size());
    EXPECT_TRUE(index.verifies());
  }

  std::string problems() const {
    std::string all;
    for (const std::string& problem : report_.problems) all += problem + "\n";
    return all;
  }

  /// What is kept is of the model, and what is missing is counted and named.
  void expect_only_counted_losses() {
    std::set<std::string> missing;
    for (const auto& [id, item] : model_) {
      if (!kept_.contains(id)) missing.insert(id);
    }
    for (const auto& [id, item] : kept_) {
      ASSERT_TRUE(model_.contains(id)) << id;
      ASSERT_EQ(item, model_.at(id)) << id;
    }
    EXPECT_GE(report_.rows_lost, missing.size()) << problems();
    for (const std::string& id : report_.ids) EXPECT_TRUE(missing.contains(id)) << id;
    EXPECT_TRUE(missing.empty() || !report_.problems.empty());
  }

  const Metric metric_;
  Model model_;
  std::map<std::string, std::vector<Item>> history_;
  std::shared_ptr<MemoryDisk> disk_;
  std::vector<std::string> segments_;
  std::vector<std::string> logs_;
  std::shared_ptr<MemoryDisk> repaired_;
  RepairReport report_;
  Model kept_;
};

TEST_F(RepairTest, OfASoundIndexKeepsAllOfIt) {
  repair_it();
  EXPECT_EQ(kept_, model_);
  EXPECT_EQ(report_.rows_lost, 0U);
  EXPECT_EQ(problems(), "");
  EXPECT_EQ(report_.files_kept, 2U);
  for (const std::string& segment : segments_) {
    EXPECT_EQ(*repaired_->files.at(segment), *disk_->files.at(segment));
  }
  // It is an index like any other.
  CollectionFixture index(repaired_);
  ASSERT_TRUE(index.commit(upserts(0, 10, 4)));
  index.maintain();
  EXPECT_TRUE(index.verifies());
}

TEST_F(RepairTest, DamageInWhatIsDerivedLosesNothing) {
  for (const uint32_t section : {1U, 3U, 5U, 6U, 7U}) {
    SCOPED_TRACE("section " + std::to_string(section));
    const auto sound = disk_;
    disk_ = copy_of(*sound);
    const auto [begin, size] = place_of(segments_[0], section);
    flip(segments_[0], begin + size / 2);
    repair_it();
    EXPECT_EQ(kept_, model_);
    EXPECT_EQ(report_.rows_lost, 0U);
    EXPECT_EQ(report_.problems.size(), 1U);
    EXPECT_NE(problems().find(segments_[0]), std::string::npos);
    EXPECT_EQ(report_.files_kept, 1U);
    // The graph comes back.
    CollectionFixture index(repaired_);
    const auto has_graph = [&index] { return index->view()->parts[0].source->graph() != nullptr; };
    EXPECT_FALSE(has_graph());
    index.maintain();
    EXPECT_TRUE(has_graph());
    EXPECT_TRUE(index.verifies());
    EXPECT_EQ(contents(*index->view()), model_);
    disk_ = sound;
  }
}

TEST_F(RepairTest, DamageInVectorsLosesTheRowsOfItsBlock) {
  const auto [begin, size] = place_of(segments_[0], 2);
  ASSERT_GT(size, 3 * store::kBlockBytes);
  flip(segments_[0], begin + store::kBlockBytes + 77);
  repair_it();
  expect_only_counted_losses();
  const size_t rows_in_block = store::kBlockBytes / (kDim * sizeof(float)) + 2;
  EXPECT_GT(report_.rows_lost, rows_in_block - 100);
  EXPECT_LE(report_.rows_lost, rows_in_block);
  EXPECT_EQ(model_.size() - kept_.size(), report_.rows_lost);
  EXPECT_EQ(report_.ids.size(), 100U);
}

TEST_F(RepairTest, LostRowsThatTheLogReplacesAreNotLost) {
  // All of the second segment's vectors; its rows 7100 to 7199 are in the log again.
  const auto [begin, size] = place_of(segments_[1], 2);
  for (size_t at = 0; at < size; at += store::kBlockBytes) flip(segments_[1], begin + at);
  repair_it();
  expect_only_counted_losses();
  EXPECT_TRUE(kept_.contains(name(7150)));
  EXPECT_FALSE(kept_.contains(name(7050)));
  EXPECT_EQ(report_.rows_lost, model_.size() - kept_.size());
}

TEST_F(RepairTest, DamageInMetadataLosesTheRowsOfItsBlock) {
  // The texts, whose column is the larger one.
  std::pair<size_t, size_t> place{0, 0};
  for (uint32_t part = 256 + 2; part <= 256 + 4; part += 2) {
    const auto found = place_of(segments_[0], part);
    if (found.second > place.second) place = found;
  }
  ASSERT_GT(place.second, store::kBlockBytes) << "one block only";
  flip(segments_[0], place.first + 100);
  repair_it();
  expect_only_counted_losses();
  EXPECT_GT(kept_.size(), 1500U);
  EXPECT_LT(kept_.size(), model_.size());
  EXPECT_FALSE(report_.ids.empty());
}

TEST_F(RepairTest, AHeaderIsNotNeeded) {
  flip(segments_[0], 3);
  repair_it();
  EXPECT_EQ(kept_, model_);
  EXPECT_EQ(report_.rows_lost, 0U);
  EXPECT_EQ(report_.problems.size(), 1U);
}

TEST_F(RepairTest, ATailIsNeeded) {
  flip(segments_[1], disk_->files.at(segments_[1])->size() - 5);
  repair_it();
  expect_only_counted_losses();
  for (const auto& [id, item] : model_) {
    if (kept_.contains(id)) continue;
    EXPECT_NE(as_text(item.metadata).find("version 2"), std::string::npos) << id;
  }
  EXPECT_GE(report_.rows_lost, 1200U);
  EXPECT_NE(problems().find(segments_[1]), std::string::npos);
}

TEST_F(RepairTest, AMissingSegmentIsCounted) {
  disk_->files.erase(segments_[0]);
  repair_it();
  expect_only_counted_losses();
  EXPECT_NE(problems().find(segments_[0]), std::string::npos);
  EXPECT_GT(report_.rows_lost, 5000U);
}

TEST_F(RepairTest, ADamagedRecordLosesItselfAlone) {
  const std::string log = logs_.back();
  flip(log, disk_->files.at(log)->size() / 3);
  repair_it();
  EXPECT_NE(problems().find(log), std::string::npos);
  EXPECT_NE(problems().find("1 record lost"), std::string::npos) << problems();
  size_t changed = 0;
  for (const auto& [id, item] : model_) {
    const auto kept = kept_.find(id);
    if (kept == kept_.end() || kept->second != item) ++changed;
  }
  EXPECT_GT(changed, 0U);
  EXPECT_LE(changed, 11U);
}

TEST_F(RepairTest, OfADamagedTransactionTheRestIsKept) {
  // The record of 8000 to 8009, whose transaction goes on in the next.
  const std::string log = logs_.back();
  const size_t at = as_text(*disk_->files.at(log)).find("item-8005");
  ASSERT_NE(at, std::string::npos);
  flip(log, at);
  repair_it();
  EXPECT_FALSE(kept_.contains(name(8005)));
  EXPECT_TRUE(kept_.contains(name(8015)));
  EXPECT_FALSE(kept_.contains(name(5000)));
  EXPECT_NE(problems().find("transactions"), std::string::npos) << problems();
}

TEST_F(RepairTest, ALogsHeaderIsNotNeeded) {
  for (size_t at = 0; at < 32; ++at) {
    const auto sound = disk_;
    disk_ = copy_of(*sound);
    flip(logs_.back(), at);
    repair_it();
    ASSERT_EQ(kept_, model_) << at;
    EXPECT_EQ(report_.problems.size(), 1U) << problems();
    disk_ = sound;
  }
  // Nor is the first record to find the salt by.
  for (size_t at = 0; at < 100; ++at) flip(logs_.back(), at);
  repair_it();
  EXPECT_TRUE(kept_.contains(name(7295)));
  EXPECT_TRUE(kept_.contains(name(8005)));
}

TEST_F(RepairTest, AMissingLogIsTold) {
  for (const std::string& log : logs_) disk_->files.erase(log);
  repair_it();
  EXPECT_NE(problems().find("is missing"), std::string::npos);
  EXPECT_FALSE(kept_.contains(name(8005)));
  EXPECT_TRUE(kept_.contains(name(6000)));
}

TEST_F(RepairTest, WhatACrashCutShortIsDroppedAsRecoveryDoes) {
  const std::string log = logs_.back();
  const Buffer whole = *disk_->files.at(log);
  for (size_t size = whole.size(); size > whole.size() / 2; size -= 397) {
    disk_->files[log] =
        std::make_shared<const Buffer>(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    CollectionFixture recovered(copy_of(*disk_));
    repair_it();
    ASSERT_EQ(kept_, contents(*recovered->view())) << size;
    EXPECT_LE(report_.problems.size(), 1U);
  }
}

TEST_F(RepairTest, WithoutAManifestNewerRowsWin) {
  for (const bool is_gone : {false, true}) {
    if (is_gone) {
      disk_->files.erase("manifest");
    } else {
      flip("manifest", 40);
    }
    repair_it();
    for (const auto& [id, item] : model_) {
      ASSERT_TRUE(kept_.contains(id)) << id;
      EXPECT_EQ(kept_.at(id), item) << id;
    }
    // What was deleted from a segment may be back, and that is told.
    for (const auto& [id, item] : kept_) ASSERT_TRUE(history_.contains(id));
    EXPECT_NE(problems().find("may be back"), std::string::npos);
    EXPECT_EQ(report_.rows_lost, 0U);
    CollectionFixture index(repaired_);
    EXPECT_EQ(index->config().metric, metric_);
    EXPECT_EQ(index->config().graph.m, 8U);
  }
}

TEST_F(RepairTest, KeepsTheNewestRowOfAnIdThatAManifestLeftTwice) {
  CollectionFixture index(metric_, 20);
  ASSERT_TRUE(index.commit(upserts(0, 30, 1)));
  index.maintain();
  ASSERT_TRUE(index.commit(upserts(20, 50, 2)));
  index.maintain();
  const Model expected = contents(*index->view());
  ASSERT_TRUE(index->close());
  disk_ = copy_of(*index.disk_);
  const auto vfs = store::memory_vfs(disk_);
  auto manifest = store::read_manifest(*vfs);
  ASSERT_TRUE(manifest);
  ASSERT_EQ(manifest->segments.size(), 2U);
  ASSERT_EQ(manifest->segments[0].deleted_rows.size(), 10U);
  manifest->segments[0].deleted_rows.clear();
  ASSERT_TRUE(store::write_manifest(*vfs, *manifest));
  repair_it();
  EXPECT_EQ(kept_, expected);
  EXPECT_EQ(report_.rows_lost, 0U);
  EXPECT_NE(problems().find("newer segments"), std::string::npos);
}

TEST_F(RepairTest, KeepsOneRowOfAnIdThatASegmentHasTwice) {
  CollectionFixture index(metric_, 20);
  ASSERT_TRUE(index.commit(upserts(0, 30, 1)));
  index.maintain();
  const auto view = index->view();
  const Model expected = contents(*view);
  std::vector<RowRef> rows;
  for (uint32_t row = 0; row < view->parts[0].count; ++row) rows.push_back(view->row(0, row));
  rows.push_back(view->row(0, 7));
  disk_ = copy_of(*index.disk_);
  const auto vfs = store::memory_vfs(disk_);
  auto manifest = store::read_manifest(*vfs);
  ASSERT_TRUE(manifest);
  ASSERT_EQ(manifest->segments.size(), 1U);
  const std::string name = store::segment_file_name(manifest->segments[0].number);
  ASSERT_TRUE(Segment::write(*vfs, name, metric_, view->dim, rows, 1));
  manifest->segments[0].rows = static_cast<uint32_t>(rows.size());
  ASSERT_TRUE(store::write_manifest(*vfs, *manifest));
  ASSERT_TRUE(index->close());
  std::erase_if(disk_->files, [](const auto& file) { return store::lock_file_number(file.first); });
  repair_it();
  EXPECT_EQ(kept_, expected);
  EXPECT_EQ(report_.rows_lost, 0U);
  EXPECT_NE(problems().find("cannot be found by its id"), std::string::npos);
}

TEST_F(RepairTest, WithoutAManifestOldLogsAreNotReadAgain) {
  // A log that is in a segment already, as a crash may leave it, would bring old versions back.
  CollectionFixture index(metric_, 20);
  ASSERT_TRUE(index.commit(upserts(0, 30, 1)));
  const auto old = index.disk_->files;
  index.maintain();
  ASSERT_TRUE(index.commit(upserts(0, 30, 2)));
  index.maintain();
  ASSERT_TRUE(index.commit(upserts(30, 33, 1)));
  const Model expected = contents(*index->view());
  ASSERT_TRUE(index->close());
  disk_ = copy_of(*index.disk_);
  for (const auto& [file, content] : old) {
    if (store::log_file_number(file)) disk_->files.try_emplace(file, content);
  }
  disk_->files.erase("manifest");
  repair_it();
  EXPECT_EQ(kept_, expected);
}

TEST_F(RepairTest, WithoutAManifestTheLogOfARestoredIndexIsRead) {
  // The snapshot's files have greater numbers than the index it is restored to.
  CollectionFixture other(metric_, 8);
  for (uint32_t i = 0; i < 30; ++i) {
    ASSERT_TRUE(other.commit(upserts(i * 10, i * 10 + 10, 1)));
    other.maintain();
  }
  CollectionFixture index(metric_, 8);
  ASSERT_TRUE(index->restore(store::memory_vfs(other.disk_)));
  ASSERT_TRUE(index.commit(upserts(1000, 1003, 1)));
  const Model expected = contents(*index->view());
  ASSERT_TRUE(index->close());
  disk_ = copy_of(*index.disk_);
  disk_->files.erase("manifest");
  repair_it();
  EXPECT_EQ(kept_, expected);
}

TEST_F(RepairTest, ALogAloneIsAnIndex) {
  CollectionFixture index(Metric::kL2);
  ASSERT_TRUE(index.commit(upserts(0, 30, 1)));
  const Model expected = contents(*index->view());
  ASSERT_TRUE(index->close());
  disk_ = copy_of(*index.disk_);
  disk_->files.erase("manifest");
  repair_it();
  EXPECT_EQ(kept_, expected);
  EXPECT_NE(problems().find("metric is not known"), std::string::npos);
}

TEST_F(RepairTest, AnyFlippedByteLosesOnlyWhatItMayHaveTouched) {
  std::mt19937 random(7);
  const auto sound = disk_;
  for (const auto& [file, content] : sound->files) {
    if (store::lock_file_number(file)) continue;
    const bool is_segment = store::segment_file_number(file).has_value();
    for (uint32_t i = 0; i < 60; ++i) {
      const size_t at = random() % content->size();
      SCOPED_TRACE(file + ", byte " + std::to_string(at));
      disk_ = copy_of(*sound);
      flip(file, at, static_cast<uint8_t>(1U << (random() % 8)));
      repair_it();
      if (HasFatalFailure()) return;
      EXPECT_FALSE(report_.problems.empty());
      if (is_segment) {
        expect_only_counted_losses();
      } else {
        for (const auto& [id, item] : kept_) {
          const auto& versions = history_.at(id);
          EXPECT_NE(std::find(versions.begin(), versions.end(), item), versions.end()) << id;
        }
        EXPECT_GE(kept_.size() + 21, model_.size());
      }
    }
  }
}

TEST_F(RepairTest, ManyDamagedBytesDoNotMakeItFail) {
  const auto sound = disk_;
  uint64_t kept = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    disk_ = copy_of(*sound);
    for (const auto& [file, content] : sound->files) {
      if (store::lock_file_number(file)) continue;
      const uint32_t kind = random() % 6;
      if (kind == 0) disk_->files.erase(file);
      if (kind == 1) {
        const auto half = static_cast<ptrdiff_t>(random() % content->size());
        disk_->files[file] =
            std::make_shared<const Buffer>(content->begin(), content->begin() + half);
      }
      for (uint32_t i = 0; kind == 2 && i < 3; ++i) flip(file, random() % content->size());
    }
    const auto files = disk_->files;
    if (std::none_of(files.begin(), files.end(),
                     [](const auto& file) { return !store::lock_file_number(file.first); })) {
      continue;
    }
    repair_it();
    if (HasFatalFailure()) return;
    kept += kept_.size();
    for (const auto& [id, item] : kept_) {
      const auto& versions = history_.at(id);
      EXPECT_NE(std::find(versions.begin(), versions.end(), item), versions.end()) << id;
    }
  }
  EXPECT_GT(kept, 20 * model_.size());
}

TEST_F(RepairTest, RefusesWhatItCannotBeAskedFor) {
  const auto source = store::memory_vfs(disk_);
  EXPECT_EQ(repair(*source, source).error().code, Code::kIndexExists);
  const auto empty = std::make_shared<MemoryDisk>();
  EXPECT_EQ(repair(*store::memory_vfs(empty), store::memory_vfs(empty)).error().code,
            Code::kIndexNotFound);
  EXPECT_TRUE(empty->files.empty());
  auto half = std::make_shared<MemoryDisk>();
  half->files[segments_[0]] = disk_->files.at(segments_[0]);
  EXPECT_EQ(repair(*source, store::memory_vfs(half)).error().code, Code::kIndexExists);
  EXPECT_EQ(half->files.size(), 1U);
  const auto lock = store::Lock::acquire(*source);
  EXPECT_EQ(repair(*source, store::memory_vfs(empty)).error().code, Code::kLocked);
}

TEST_F(RepairTest, IsThereWholeOrNotAtAllAfterAPowerCut) {
  flip(segments_[0], place_of(segments_[0], 2).first);
  repair_it();
  for (uint64_t cut = 1;; ++cut) {
    auto disk = std::make_shared<test::FaultDisk>();
    disk->plan.cut_at = cut;
    const auto report = repair(*store::memory_vfs(disk_), test::fault_vfs(disk));
    for (uint32_t outcome = 0; outcome < 6; ++outcome) {
      auto opened = Collection::open(test::vfs_after_death(disk->after_power_cut(outcome)), {});
      if (opened) {
        ASSERT_EQ((*opened)->view()->live(), kept_.size()) << "cut " << cut;
      } else {
        ASSERT_EQ(opened.error().code, Code::kIndexNotFound) << opened.error().message;
        ASSERT_FALSE(report) << "acknowledged, but not there";
      }
    }
    if (report) break;
  }
}

TEST_F(RepairTest, ThatFailsLeavesNoFiles) {
  flip(segments_[0], place_of(segments_[0], 2).first);
  for (uint64_t at = 7;; ++at) {  // those before take the lock
    auto disk = std::make_shared<test::FaultDisk>();
    disk->plan.fail_at = at;
    disk->plan.failure = Code::kNoSpace;
    const auto report = repair(*store::memory_vfs(disk_), test::fault_vfs(disk));
    if (report) break;
    ASSERT_EQ(report.error().code, Code::kNoSpace) << at;
    const auto left = disk->as_seen();
    for (const auto& [name, content] : left->files) ADD_FAILURE() << name << ", " << at;
  }
}

class RepairL2Test : public RepairTest {
 protected:
  RepairL2Test() : RepairTest(Metric::kL2) {}
};

TEST_F(RepairL2Test, HasNoNormsToDamage) {
  flip(segments_[0], place_of(segments_[0], 7).first);
  repair_it();
  EXPECT_EQ(kept_, model_);
}

TEST(Repair, TellsOfRecordsThatTheNextLogCountsAgain) {
  const auto source = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  ASSERT_TRUE(Collection::create(*source, {}));
  for (const auto& [file, id] : {std::pair(9, "a"), std::pair(10, "b")}) {
    const auto log = *store::LogWriter::create(*source, static_cast<uint64_t>(file), 1);
    ASSERT_TRUE(log->append(test::BatchMaker(2).upsert(id, {1, 2}).encode(), true));
    ASSERT_TRUE(log->sync());
  }
  ASSERT_FALSE(Collection::open(source, {}));
  const auto target = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  const auto report = repair(*source, target);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_kept, 1U);
  ASSERT_EQ(report->problems.size(), 1U);
  EXPECT_EQ(
      report->problems[0],
      store::log_file_name(9) + ": 1 record is not taken, since the next log begins with number 1");
}

TEST(Repair, LosesARecordOfTheLogThatNoWriterMakes) {
  const auto source = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  ASSERT_TRUE(Collection::create(*source, {}));
  const auto log = *store::LogWriter::create(*source, 9, 1);
  ASSERT_TRUE(log->append(test::BatchMaker(2).insert("b", {1, 2}).encode(), true));
  ASSERT_TRUE(log->sync());
  const auto target = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  const auto report = repair(*source, target);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_kept, 0U);
  EXPECT_FALSE(report->problems.empty());
}

}  // namespace
}  // namespace quiver::engine
