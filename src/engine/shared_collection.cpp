#include "engine/shared_collection.h"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>
#include <vector>

#include "base/exception.h"
#include "base/thread_pool.h"

namespace quiver::engine {
namespace {

/// The collections that this process has open, by folder.
struct Registry {
  struct Entry {
    std::weak_ptr<SharedCollection> shared;  ///< expired: it is being opened or closed
    bool is_opening = false;
  };

  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Entry> entries;
};

/// While it lives, others wait for what becomes of the entry.
class Opening {
 public:
  Opening(Registry& all, const std::string& key) : all_(all), key_(key) {}
  ~Opening() {
    const std::lock_guard lock(all_.mutex);
    const auto entry = all_.entries.find(key_);
    if (entry != all_.entries.end() && entry->second.is_opening) all_.entries.erase(entry);
    all_.changed.notify_all();
  }
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

 private:
  Registry& all_;
  const std::string& key_;
};

Registry& registry() {
  // Never destroyed: at process exit threads of the core may still run.
  static Registry& instance = *new Registry();
  return instance;
}

}  // namespace

Expected<std::shared_ptr<SharedCollection>> SharedCollection::open(const std::string& key,
                                                                   std::shared_ptr<store::Vfs> vfs,
                                                                   const OpenOptions& options) {
  Registry& all = registry();
  // One whose index was deleted. Let go of without the mutex: it may be the last reference.
  std::shared_ptr<SharedCollection> outdated;
  std::unique_lock lock(all.mutex);
  while (true) {
    const auto entry = all.entries.find(key);
    if (entry == all.entries.end()) break;
    auto shared = entry->second.shared.lock();
    if (!shared) {
      all.changed.wait(lock);
      continue;
    }
    if (shared == outdated) break;  // it does not stand in the way of a new one
    // Without the mutex: it waits for what the collection is doing.
    lock.unlock();
    const auto looked = shared->collection()->refresh();
    if (looked || looked.error().code != Code::kIndexNotFound) return shared;
    outdated = std::move(shared);
    lock.lock();
  }
  // Recovery may take long: other folders can be opened meanwhile, this one waits.
  all.entries[key] = {{}, true};
  lock.unlock();
  const Opening opening(all, key);
  auto collection = Collection::open(std::move(vfs), options);
  if (!collection) return collection.error();
  // The folder stays registered until the collection is closed, so that an opening in between
  // waits.
  const auto close = [key](SharedCollection* shared) {
    delete shared;
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    const auto entry = all.entries.find(key);
    // Another index may have been made in its place, and opened under the same key.
    if (entry == all.entries.end() || entry->second.is_opening) return;
    if (entry->second.shared.expired()) all.entries.erase(entry);
    all.changed.notify_all();
  };
  std::shared_ptr<SharedCollection> shared(new SharedCollection(std::move(*collection)), close);
  lock.lock();
  all.entries[key] = {shared, false};
  lock.unlock();
  return shared;
}

SharedCollection::SharedCollection(std::shared_ptr<Collection> collection)
    : collection_(std::move(collection)),
      writer_([this] { write_loop(); }),
      maintenance_([this] { maintenance_loop(); }) {}

SharedCollection::~SharedCollection() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  write_wake_.notify_all();
  maintenance_wake_.notify_all();
  writer_.join();
  maintenance_.join();
  (void)collection_->close();  // every acknowledged write is as durable as promised
}

void SharedCollection::write(std::shared_ptr<Session> session, Buffer request,
                             std::function<void(Expected<Buffer>)> done) {
  {
    const std::lock_guard lock(mutex_);
    writes_.push_back({std::move(session), std::move(request), std::move(done)});
    collection_->metrics().writes_waiting.enter();
  }
  write_wake_.notify_one();
}

/// 'async' promises to be on the disk soon; other hosts want to know that the lock's owner lives.
std::chrono::milliseconds SharedCollection::look_interval() const {
  constexpr std::chrono::milliseconds kSyncInterval{50};
  return collection_->owes_sync() ? kSyncInterval : store::Lock::kBeatEvery;
}

void SharedCollection::look_after_lock_and_log() {
  // Errors are those of the next write.
  (void)collection_->sync();
  (void)collection_->keep_lock();
}

void SharedCollection::write_loop() {
  using clock = std::chrono::steady_clock;
  clock::time_point next_look = clock::now() + look_interval();
  while (true) {
    std::vector<PendingWrite> group;
    {
      std::unique_lock lock(mutex_);
      const auto is_wanted = [this] { return stopping_ || !writes_.empty(); };
      if (!write_wake_.wait_until(lock, next_look, is_wanted)) {
        lock.unlock();
        look_after_lock_and_log();
        next_look = clock::now() + look_interval();
        continue;
      }
      if (writes_.empty()) return;
      group.assign(std::make_move_iterator(writes_.begin()),
                   std::make_move_iterator(writes_.end()));
      collection_->metrics().writes_waiting.leave(static_cast<uint32_t>(writes_.size()));
      writes_.clear();
    }
    std::vector<Session::Write> writes;
    writes.reserve(group.size());
    for (const PendingWrite& pending : group) {
      writes.push_back({pending.session.get(), pending.request, pending.arrived_at});
    }
    {
      const CpuTimer timer(collection_->metrics().write_cpu);
      Session::write_group(writes);
    }
    for (size_t i = 0; i < group.size(); ++i) group[i].done(std::move(writes[i].response));
    (void)collection_->make_room();  // an error stands in the statistics
    // Those who write without a pause wait for it now and then too.
    next_look = std::min(next_look, clock::now() + look_interval());
    if (clock::now() >= next_look) {
      look_after_lock_and_log();
      next_look = clock::now() + look_interval();
    }
    bool was_expected = false;
    {
      const std::lock_guard lock(mutex_);
      was_expected = std::exchange(work_expected_, true);
    }
    // To wake a thread takes as long as a few writes do.
    if (!was_expected) maintenance_wake_.notify_one();
  }
}

void SharedCollection::maintenance_loop() {
  lower_thread_priority();
  constexpr std::chrono::milliseconds kGatherInterval{50};
  constexpr std::chrono::milliseconds kMemoryInterval{250};
  while (!stopping_) {
    {
      std::unique_lock lock(mutex_);
      const auto is_wanted = [this] { return stopping_ || work_expected_; };
      if (collection_->has_memory_limit()) {
        // Searches bring pages into memory without telling.
        maintenance_wake_.wait_for(lock, kMemoryInterval, is_wanted);
      } else {
        maintenance_wake_.wait(lock, is_wanted);
      }
      work_expected_ = false;
      // Lets commits gather, so that it is not looked after each of them.
      maintenance_wake_.wait_for(lock, kGatherInterval, [this] { return stopping_.load(); });
    }
    while (!stopping_ && run_next_job()) {
    }
    if (collection_->has_memory_limit()) collection_->keep_to_memory_limit();
  }
}

bool SharedCollection::run_next_job() {
  const CpuTimer timer(collection_->metrics().maintenance_cpu);
  const auto ran = caught([this] { return try_next_job(); });
  if (!ran) collection_->abandon(ran.error());
  return ran && *ran;
}

/// Whether there was one, and it is done.
Expected<bool> SharedCollection::try_next_job() {
  const std::unique_ptr<MaintenanceJob> job = collection_->next_job();
  if (!job) {
    collection_->set_progress(true, 0, 0);
    return false;
  }
  job->set_stop(&stopping_);
  const Expected<void> done = run(*job);
  if (stopping_) return false;  // it is done anew when the index is opened again
  if (!done) return done.error();
  if (auto installed = collection_->install(*job); !installed) return installed.error();
  collection_->set_maintenance_error(std::nullopt);
  return true;
}

Expected<void> SharedCollection::run(MaintenanceJob& job) {
  collection_->set_progress(false, 0, job.rows());
  if (auto prepared = job.prepare(); !prepared) return prepared;
  std::mutex error_mutex;
  Expected<void> result;
  std::atomic<bool> failed{false};
  const auto link_all = [&] {
    const auto linked = job.link([&] {
      collection_->set_progress(false, job.rows_done(), job.rows());
      return !stopping_ && !failed;
    });
    if (linked) return;
    failed = true;
    const std::lock_guard lock(error_mutex);
    result = linked.error();
  };
  std::vector<std::thread> helpers;
  helpers.reserve(hardware_threads());
  for (unsigned i = 1; i < hardware_threads(); ++i) {
    try {
      helpers.emplace_back([this, &link_all] {
        lower_thread_priority();
        const CpuTimer timer(collection_->metrics().maintenance_cpu);
        link_all();
      });
    } catch (const std::exception&) {
      break;  // no more threads are to be had, or no memory: those that are there do it
    }
  }
  link_all();
  for (std::thread& helper : helpers) helper.join();
  if (!result || stopping_) return result;
  // Who has lost the lock must not write over the new owner's files.
  if (auto kept = collection_->keep_lock(); !kept) return kept;
  return job.write(collection_->vfs_for(job));
}

}  // namespace quiver::engine
