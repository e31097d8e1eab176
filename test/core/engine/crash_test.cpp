// Power cuts and I/O errors at every operation of a workload on the disk. After each, the index
// opened again must hold what the acknowledged transactions made of it, with the one under way
// wholly there or not at all; it verifies and takes writes.
//   QUIVER_CRASH_SEEDS=50 ctest --preset release -R Crash      more workloads, more outcomes of
//   each cut

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "support/batches.h"
#include "support/fault_vfs.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::FaultDisk;

constexpr uint32_t kDim = 4;

using Model = std::map<std::string, std::vector<float>>;

uint32_t seeds() {
  const char* wanted = std::getenv("QUIVER_CRASH_SEEDS");
  return wanted == nullptr ? 2 : static_cast<uint32_t>(std::strtoul(wanted, nullptr, 10));
}

struct Size {
  const char* name;
  uint32_t steps;
  uint32_t rows_at_once;
  uint32_t seal_threshold;
  Durability durability;
  uint32_t outcomes;      ///< of each power cut that are looked at
  uint64_t memory_limit;  ///< heads of half as many bytes are not waited for
};

/// A workload on one disk, until something fails. What it does depends on the seed alone.
class Workload {
 public:
  Workload(uint32_t seed, const Size& size)
      : random_(seed), steps_(size.steps), rows_at_once_(size.rows_at_once) {
    options_.seal_threshold = size.seal_threshold;
    options_.durability = size.durability;
    options_.memory_limit = size.memory_limit;
  }

  /// Runs on `disk`; true if all of it succeeded.
  bool run(const std::shared_ptr<FaultDisk>& disk) {
    vfs_ = test::fault_vfs(disk);
    Config config;
    config.metric = Metric::kL2;
    config.graph = {4, 16};
    if (!Collection::create(*vfs_, config)) return false;
    created_ = true;
    if (!open()) return false;
    for (uint32_t step = 0; step < steps_; ++step) {
      const uint32_t kind = random_() % 10;
      const bool goes_on = kind < 6   ? commit()
                           : kind < 8 ? maintain()
                           : kind < 9 ? optimize()
                                      : (random_() % 2 == 0 ? reopen() : succeed());
      if (!goes_on) return false;
    }
    return true;
  }

  [[nodiscard]] bool created() const { return created_; }
  [[nodiscard]] const Model& acknowledged() const { return acknowledged_; }
  /// What may be there: that, and what each transaction under way makes of it.
  [[nodiscard]] const std::vector<Model>& possible() const { return possible_; }

  /// As if the process died: nothing is written any more.
  void die(FaultDisk& disk) {
    disk.plan = {1, 0, Code::kIoError};
    killed_.clear();
    collection_.reset();
  }

 private:
  bool open() {
    auto opened = Collection::open(vfs_, options_);
    if (opened) collection_ = std::move(*opened);
    return opened.has_value();
  }

  bool reopen() {
    if (!sync() || !collection_->close()) return false;
    collection_.reset();
    return open();
  }

  /// As if the process was killed, and another one went on.
  bool succeed() {
    killed_.push_back(std::move(collection_));
    // What it had not synced is synced by the next one that takes the lock, not before.
    owes_its_predecessor_ = options_.durability == Durability::kAsync;
    const auto files = vfs_->list();
    if (!files) return false;
    for (const std::string& name : *files) {
      if (store::lock_file_number(name) && !vfs_->remove(name)) return false;
    }
    return open();
  }

  /// Two transactions with one fsync; each of one or more batches.
  bool commit() {
    std::vector<Transaction> transactions;
    for (uint32_t i = 0, n = 1 + random_() % 2; i < n; ++i) {
      // Another session in the process may want more than the one that opened the index.
      const bool is_other = random_() % 8 == 0;
      transactions.emplace_back(is_other ? Durability::kSync : options_.durability);
    }
    Model model = acknowledged_;
    for (Transaction& transaction : transactions) {
      for (uint32_t i = 0, batches = 1 + random_() % 2; i < batches; ++i) {
        if (!transaction.add(next_batch(model).encode())) return false;
      }
      possible_.push_back(model);
    }
    std::vector<Transaction*> pointers;
    for (Transaction& transaction : transactions) pointers.push_back(&transaction);
    std::vector<Expected<WriteCounts>> results(transactions.size(), WriteCounts{});
    collection_->commit(pointers, results);
    for (const auto& result : results) {
      if (!result) return false;
    }
    acknowledged_ = model;
    owes_its_predecessor_ = false;
    // 'async' may lose the newest transactions, but none without those after it.
    const auto is_sync = [](const Transaction& transaction) {
      return transaction.durability() == Durability::kSync;
    };
    if (std::any_of(transactions.begin(), transactions.end(), is_sync)) possible_ = {model};
    return options_.memory_limit == 0 || collection_->make_room().has_value();
  }

  /// Nothing that was acknowledged can be lost from here on, unless nothing was promised.
  bool sync() {
    const bool synced = collection_->sync().has_value();
    const bool is_promised = options_.durability != Durability::kNone && !owes_its_predecessor_;
    if (synced && is_promised) possible_ = {acknowledged_};
    return synced;
  }

  BatchMaker next_batch(Model& model) {
    BatchMaker batch(kDim);
    for (uint32_t i = 0, n = 1 + random_() % rows_at_once_; i < n; ++i) {
      const std::string id = "item-" + std::to_string(random_() % (rows_at_once_ * 4));
      if (random_() % 4 == 0) {
        batch.remove(id);
        model.erase(id);
      } else {
        const std::vector<float> vector = test::random_vector(random_, kDim);
        batch.upsert(id, vector);
        model[id] = vector;
      }
    }
    return batch;
  }

  bool maintain() {
    while (auto job = collection_->next_job()) {
      if (!job->prepare()) return false;
      if (!job->link([] { return true; })) return false;
      if (random_() % 2 == 0 && !commit()) return false;
      if (!job->write(*vfs_) || !collection_->install(*job)) return false;
    }
    return sync();
  }

  bool optimize() { return collection_->request_optimize().has_value() && maintain(); }

  std::mt19937 random_;
  uint32_t steps_;
  uint32_t rows_at_once_;
  OpenOptions options_;
  std::shared_ptr<store::Vfs> vfs_;
  std::shared_ptr<Collection> collection_;
  std::vector<std::shared_ptr<Collection>> killed_;
  bool owes_its_predecessor_ = false;
  bool created_ = false;
  Model acknowledged_;
  std::vector<Model> possible_{Model{}};
};

Model contents(const Collection& collection) {
  Model model;
  const auto view = collection.view();
  for (const Part& part : view->parts) {
    for (uint32_t row = 0; row < part.count; ++row) {
      if (!part.is_live(row)) continue;
      const float* vector = part.source->vector(row);
      std::string scratch;
      model[std::string(*part.source->id(row, scratch))] = {vector, vector + view->dim};
    }
  }
  return model;
}

std::string problems(Collection& collection) {
  const auto report = collection.verify();
  if (!report) return report.error().message;
  std::string all;
  for (const msgpack::Value problem : msgpack::Value(*report).find("problems")->elements()) {
    all += std::string(problem.text()) + "; ";
  }
  return all;
}

/// Opens what is left on `disk` and checks it against what the workload knows.
void check_survivor(const Workload& workload, const std::shared_ptr<store::MemoryDisk>& disk) {
  const auto vfs = test::vfs_after_death(disk);
  auto opened = Collection::open(vfs, {});
  if (!opened && !workload.created()) {
    // Creating it was cut short: then it can be created again.
    ASSERT_EQ(opened.error().code, Code::kIndexNotFound) << opened.error().message;
    const auto created = Collection::create(*vfs, {});
    ASSERT_TRUE(created) << created.error().message;
    return;
  }
  ASSERT_TRUE(opened) << opened.error().message;
  std::shared_ptr<Collection> collection = std::move(*opened);
  const Model found = contents(*collection);
  ASSERT_NE(std::find(workload.possible().begin(), workload.possible().end(), found),
            workload.possible().end())
      << found.size() << " items, expected the " << workload.acknowledged().size()
      << " that were acknowledged, or those of a whole transaction more";
  ASSERT_EQ(problems(*collection), "");

  Transaction more;
  ASSERT_TRUE(more.add(BatchMaker(kDim).upsert("more", {1, 2, 3, 4}).encode()));
  Transaction* const transactions[] = {&more};
  Expected<WriteCounts> results[] = {WriteCounts{}};
  collection->commit(transactions, results);
  ASSERT_TRUE(results[0]) << results[0].error().message;
  const auto closed = collection->close();
  ASSERT_TRUE(closed) << closed.error().message;
  auto again = Collection::open(vfs, {});
  ASSERT_TRUE(again) << again.error().message;
  Model expected = found;
  expected["more"] = {1, 2, 3, 4};
  ASSERT_EQ(contents(**again), expected);
  ASSERT_EQ(problems(**again), "");
}

constexpr Size kSizes[] = {{"ManySegments", 40, 12, 20, Durability::kSync, 6, 0},
                           {"Async", 40, 12, 20, Durability::kAsync, 6, 0},
                           {"Unsynced", 40, 12, 20, Durability::kNone, 6, 0},
                           {"FullHeads", 16, 12, 30, Durability::kSync, 6, 6000},
                           {"Graphs", 4, 1100, 1000, Durability::kSync, 2, 0}};

uint64_t operations_of(uint32_t seed, const Size& size) {
  auto disk = std::make_shared<FaultDisk>();
  EXPECT_TRUE(Workload(seed, size).run(disk));
  return disk->operations;
}

class Crash : public testing::TestWithParam<Size> {};

TEST_P(Crash, APowerCutLosesNothingThatWasAcknowledged) {
  uint64_t survivors = 0;
  for (uint32_t seed = 1; seed <= seeds(); ++seed) {
    const uint64_t operations = operations_of(seed, GetParam());
    for (uint64_t cut = 1; cut <= operations; ++cut) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", power cut at operation " +
                   std::to_string(cut) + " of " + std::to_string(operations));
      auto disk = std::make_shared<FaultDisk>();
      disk->plan.cut_at = cut;
      Workload run(seed, GetParam());
      (void)run.run(disk);  // the last cuts fall into the closing of the index
      for (uint32_t outcome = 0; outcome < GetParam().outcomes; ++outcome) {
        SCOPED_TRACE("outcome " + std::to_string(outcome));
        check_survivor(run, disk->after_power_cut(outcome));
        if (HasFatalFailure()) return;
        ++survivors;
      }
    }
  }
  RecordProperty("survivors", std::to_string(survivors));  // in --gtest_output=xml
}

TEST_P(Crash, AnErrorOfTheDiskLosesNothingThatWasAcknowledged) {
  uint64_t survivors = 0;
  for (uint32_t seed = 1; seed <= seeds(); ++seed) {
    const uint64_t operations = operations_of(seed, GetParam());
    for (uint64_t at = 1; at <= operations; ++at) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", error at operation " + std::to_string(at) +
                   " of " + std::to_string(operations));
      auto disk = std::make_shared<FaultDisk>();
      disk->plan.fail_at = at;
      disk->plan.failure = at % 2 == 0 ? Code::kIoError : Code::kNoSpace;
      Workload run(seed, GetParam());
      (void)run.run(disk);  // an error while cleaning up is no failure
      // The process ends in either way; the system goes on, or loses power too.
      run.die(*disk);
      check_survivor(run, disk->as_seen());
      if (HasFatalFailure()) return;
      check_survivor(run, disk->after_power_cut(static_cast<uint32_t>(at % 5)));
      if (HasFatalFailure()) return;
      survivors += 2;
    }
  }
  RecordProperty("survivors", std::to_string(survivors));
}

INSTANTIATE_TEST_SUITE_P(Sizes, Crash, testing::ValuesIn(kSizes),
                         [](const auto& size) { return std::string(size.param.name); });

}  // namespace
}  // namespace quiver::engine
