#include "engine/collection.h"

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <utility>

#include "base/msgpack.h"
#include "store/file_names.h"

namespace quiver::engine {
namespace {

/// Decompressed metadata that are kept for the next query.
constexpr size_t kBlockCacheBytes = size_t{16} << 20;
/// Two bits a row and filter: some dozens of filters over a million rows.
constexpr size_t kSelectionCacheBytes = size_t{16} << 20;

uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                               std::chrono::nanoseconds(1));
}

uint64_t random_number() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

/// A file that the manifest names is gone once a newer manifest is there: then that one is read. A
/// writer that merges faster than its files can be opened is not imagined.
constexpr int kMaxTries = 100;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// A transaction is cut into records of about so many bytes, since one can have 1 GiB at most.
constexpr uint64_t kMostRecordBytes = uint64_t{64} << 20;
constexpr uint64_t kMostItemBytes = uint64_t{256} << 20;

/// What an operation takes in the log, about.
uint64_t bytes_in_log(const Operation& operation, uint32_t dim) {
  return operation.id.size() + operation.metadata.size() + uint64_t{dim} * sizeof(float) + 16;
}

/// At least `number`, and above those of all log and segment files.
uint64_t number_after(const std::vector<std::string>& files, uint64_t number) {
  for (const std::string& name : files) {
    for (const auto used : {store::log_file_number(name), store::segment_file_number(name)}) {
      if (used) number = std::max(number, *used + 1);
    }
  }
  return number;
}

/// Segments of fewer rows than this are read into memory.
uint64_t map_from_rows(const OpenOptions& options) {
  return options.use_mmap ? options.mmap_threshold : UINT64_MAX;
}

/// Whether there is a segment that was not there `before`.
bool brings_a_segment(const State& state, const View& before) {
  for (size_t i = 0; i < state.parts.size(); ++i) {
    if (state.parts[i].segment_number == 0) continue;
    const bool was_there =
        std::any_of(before.parts.begin(), before.parts.end(),
                    [&](const Part& part) { return part.source == state.view.parts[i].source; });
    if (!was_there) return true;
  }
  return false;
}

/// The configuration that a manifest holds.
Expected<Config> config_of(const store::Manifest& manifest) {
  auto config = decode_config(manifest.config);
  if (!config) return Error{Code::kCorruptFile, "manifest is corrupt: " + config.error().message};
  return config;
}

}  // namespace

Collection::Collection(std::shared_ptr<store::Vfs> vfs, Config config, OpenOptions options)
    : vfs_(std::move(vfs)),
      config_(std::move(config)),
      options_(options),
      memory_{std::make_shared<column::BlockCache>(kBlockCacheBytes),
              std::make_shared<SelectionCache>(kSelectionCacheBytes), map_from_rows(options),
              config_.indexed.empty() ? nullptr
                                      : std::make_shared<const IndexedFields>(config_.indexed)},
      result_cache_(options.cache_bytes, options.cache_ttl) {
  for (store::IoCounts& counts : metrics_.disk) disks_.emplace_back(*vfs_, counts);
}

Collection::~Collection() { (void)close(); }

Expected<void> Collection::create(store::Vfs& vfs, const Config& config) {
  if (auto made = vfs.make_folder(); !made) return made;
  const auto check_absent = [&vfs]() -> Expected<void> {
    const auto exists = vfs.exists(store::kManifestName);
    if (!exists) return exists.error();
    if (*exists) return Error{Code::kIndexExists, "Index already exists"};
    return {};
  };
  // Before the lock too: of an index that is in use, that it exists is the better answer.
  if (auto absent = check_absent(); !absent) return absent;
  auto lock = store::Lock::acquire(vfs);
  if (!lock) return lock.error();
  if (auto absent = check_absent(); !absent) return absent;
  // Files of an index that was removed may be left; none of theirs may be taken for one of this.
  const auto files = vfs.list();
  if (!files) return files.error();
  store::Manifest manifest;
  manifest.index = random_number();
  manifest.config = encode_config(config);
  manifest.first_log = number_after(*files, 1);
  manifest.first_sequence = 1;
  manifest.next_file_number = manifest.first_log + 1;
  auto log = store::LogWriter::create(vfs, manifest.first_log, manifest.first_sequence);
  if (!log) return log.error();
  if (auto synced = (*log)->sync(); !synced) return synced;
  return store::write_manifest(vfs, manifest);
}

Expected<std::shared_ptr<Collection>> Collection::open(std::shared_ptr<store::Vfs> vfs,
                                                       const OpenOptions& options) {
  auto manifest = store::read_manifest(*vfs);
  if (!manifest) return manifest.error();
  auto config = config_of(*manifest);
  if (!config) return config.error();
  std::shared_ptr<Collection> collection(
      new Collection(std::move(vfs), std::move(*config), options));
  collection->index_ = manifest->index;
  const std::lock_guard lock(collection->writer_mutex_);
  if (auto read = collection->read_changes(); !read) return read.error();
  collection->resume_ =
      !options.read_only && (collection->wants_seal() || collection->has_unbuilt_segment());
  return collection;
}

Expected<void> Collection::destroy(store::Vfs& vfs) {
  const auto exists = vfs.exists(store::kManifestName);
  if (!exists) return exists.error();
  if (!*exists) return Error{Code::kIndexNotFound, "Index does not exist"};
  auto lock = store::Lock::acquire(vfs);
  if (!lock) return lock.error();
  const auto files = vfs.list();
  if (!files) return files.error();
  // The manifest goes first: without it the rest is no index any more.
  if (auto removed = vfs.remove(store::kManifestName); !removed) return removed;
  Expected<void> result;
  for (const std::string& name : *files) {
    const bool is_ours =
        store::log_file_number(name) || store::segment_file_number(name) || ends_with(name, ".tmp");
    if (!is_ours) continue;
    // A file that stays, as one that another process reads does on Windows, keeps no other.
    if (auto removed = vfs.remove(name); !removed && result) result = removed;
  }
  lock->reset();
  if (store::remove_lock_files(vfs) && result) result = vfs.remove_folder_if_empty();
  return result;
}

std::shared_ptr<const View> Collection::view() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

void Collection::publish(State&& state) {
  if (view_) state.view.version = std::max(state.view.version, view_->version + 1);
  // Nothing is changed where there is no memory for it.
  auto view = std::make_shared<const View>(state.view);
  // A file that was never read from lies on the disk.
  if (brings_a_segment(state, state_.view)) query_pace_.forget();
  state_ = std::move(state);
  const std::lock_guard lock(view_mutex_);
  view_ = std::move(view);
}

/// The writer's mutex; whoever has to wait for it is counted.
std::unique_lock<std::mutex> Collection::lock_writer() {
  std::unique_lock lock(writer_mutex_, std::try_to_lock);
  if (lock.owns_lock()) return lock;
  const auto start = Metrics::Clock::now();
  lock.lock();
  metrics_.lock_waits.record(Metrics::since(start));
  return lock;
}

// ---------------------------------------------------------------------------------------------------
// Following another process, and taking the lock from it

bool Collection::is_to_look() const {
  return !is_writer_.load(std::memory_order_relaxed) &&
         now_ns() >= next_look_ns_.load(std::memory_order_relaxed);
}

Expected<std::shared_ptr<const View>> Collection::latest() {
  constexpr std::chrono::nanoseconds kLookInterval = std::chrono::milliseconds(50);
  if (is_to_look()) {
    // If another thread is looking already, what is known must do.
    const std::unique_lock lock(writer_mutex_, std::try_to_lock);
    if (lock.owns_lock() && !lock_ && !closed_) {
      if (auto read = read_changes(); !read) return read.error();
      next_look_ns_ = now_ns() + kLookInterval.count();
    }
  }
  return view();
}

Expected<bool> Collection::refresh() {
  const auto lock = lock_writer();
  if (closed_) return Error{Code::kClosed, "The index is closed"};
  if (lock_) return false;
  return read_changes();
}

Expected<bool> Collection::read_changes() {
  for (int tries = 1;; ++tries) {
    auto changed = read_changes_once();
    if (changed || changed.error().code != Code::kMissingFile || tries == kMaxTries) return changed;
  }
}

/// Reads what another process has committed, and lets `finds_its_files` look at `state_` and open
/// files that it names; again and on newer ones while it misses one, which that process may have
/// merged away.
Expected<void> Collection::see_newest(const std::function<bool()>& finds_its_files) {
  for (int tries = 1;; ++tries) {
    if (!lock_) {
      if (auto read = read_changes(); !read) return read.error();
    }
    if (finds_its_files() || lock_ || tries == kMaxTries) return {};
  }
}

/// The log files that `state_` is made of. What stands behind its end, be it zeros, is left out:
/// who writes to the log may write there while it is read.
Expected<std::vector<OpenedLog>> Collection::open_logs(DiskUse use) {
  const auto numbers = log_numbers(disk(use), state_.first_log);
  if (!numbers) return numbers.error();
  std::vector<OpenedLog> logs;
  for (const uint64_t number : *numbers) {
    if (!lock_ && number > progress_.log) break;  // it is of what is not known yet
    auto content = disk(use).read(store::log_file_name(number));
    if (content && log_ && number == log_->number()) {
      content = store::piece_of(std::move(*content), 0, log_->size());
    } else if (content && !lock_ && number == progress_.log) {
      content = store::piece_of(std::move(*content), 0, progress_.position.offset);
    }
    logs.push_back({number, std::move(content)});
  }
  return logs;
}

Expected<bool> Collection::read_changes_once() {
  store::Vfs& vfs = disk(DiskUse::kOpen);
  const auto mark = store::read_manifest_mark(vfs);
  if (!mark) return mark.error();
  // Known again only when everything was read: until then nothing is caught up.
  const auto known = std::exchange(mark_, std::nullopt);
  auto read = [&]() -> Expected<Recovered> {
    if (known == *mark) return catch_up(vfs, config_, state_, progress_);
    const auto manifest = store::read_manifest(vfs);
    if (!manifest) return manifest.error();
    const auto config = check_identity(*manifest);
    if (!config) return config.error();
    return recover(vfs, *manifest, *config, state_, store::LogTail::kGrowing, memory_);
  }();
  if (!read) return read.error();
  mark_ = *mark;
  progress_ = read->progress;
  if (!read->changed) return false;
  publish(std::move(read->state));
  return true;
}

Expected<Config> Collection::check_identity(const store::Manifest& manifest) const {
  if (manifest.index != index_) {
    return Error{Code::kIndexNotFound,
                 "Index does not exist: another one was made in its place; close this one and open "
                 "the folder again"};
  }
  auto config = config_of(manifest);
  if (!config) return config;
  // What is open already is read as what it was.
  const uint32_t dim = state_.view.dim;
  if (config->metric != config_.metric ||
      (dim != 0 && config->dimensions != 0 && config->dimensions != dim)) {
    return Error{Code::kCorruptFile,
                 "manifest is corrupt: its metric or dimensions are no longer "
                 "those that the index had"};
  }
  return config;
}

Expected<void> Collection::become_writer() {
  const auto lock = lock_writer();
  if (closed_) return Error{Code::kClosed, "The index is closed"};
  if (failure_) return *failure_;
  resumed_ = false;
  return acquire();
}

/// Takes the lock, and reads again what the process that had it before may have left.
Expected<void> Collection::acquire() {
  if (lock_) return {};
  auto lock = store::Lock::acquire(disk(DiskUse::kLock));
  if (!lock) {
    if (lock.error().code == Code::kLocked) ++metrics_.lock_refusals;
    return lock.error();
  }
  store::Vfs& vfs = disk(DiskUse::kOpen);
  const auto manifest = store::read_manifest(vfs);
  if (!manifest) return manifest.error();
  const auto config = check_identity(*manifest);
  if (!config) return config.error();
  const auto files = vfs.list();
  if (!files) return files.error();
  auto recovered = recover(vfs, *manifest, *config, state_, store::LogTail::kFinal, memory_);
  if (!recovered) return recovered.error();
  // What was read need not be on the disk: nobody may have waited for it. What is built on it from
  // here on would be worth nothing without it.
  const auto logs = log_numbers(vfs, manifest->first_log);
  if (!logs) return logs.error();
  for (const uint64_t number : *logs) {
    if (auto synced = vfs.sync_file(store::log_file_name(number)); !synced) return synced;
  }
  next_file_number_ = number_after(*files, manifest->next_file_number);
  publish(std::move(recovered->state));
  lock_ = std::move(*lock);
  is_writer_ = true;
  remove_orphans(*manifest, *files);
  return {};
}

Expected<void> Collection::keep_lock() {
  const auto lock = lock_writer();
  return keep_lock_locked();
}

Expected<void> Collection::keep_lock_locked() {
  if (failure_) return *failure_;
  if (!lock_) return {};
  auto kept = lock_->keep();
  // What another process writes from here on would be destroyed.
  if (!kept && kept.error().code == Code::kLocked) failure_ = kept.error();
  return kept;
}

/// Gives the lock back; from here on another process may write.
void Collection::release() {
  mark_.reset();
  log_.reset();
  superfluous_.clear();
  lock_.reset();
  is_writer_ = false;
  resumed_ = false;
}

void Collection::remove_orphans(const store::Manifest& manifest,
                                const std::vector<std::string>& files) {
  for (const std::string& name : files) {
    const auto log = store::log_file_number(name);
    const auto segment = store::segment_file_number(name);
    const bool is_orphan =
        ends_with(name, ".tmp") || (log && *log < manifest.first_log) ||
        (segment && std::none_of(manifest.segments.begin(), manifest.segments.end(),
                                 [&](const auto& entry) { return entry.number == *segment; }));
    if (is_orphan) superfluous_.push_back(name);
  }
  remove_superfluous();
}

/// What cannot be removed is harmless and stays listed: on Windows no file can be removed that a
/// view still reads. Whoever takes the lock next lists it again.
void Collection::remove_superfluous() {
  std::erase_if(superfluous_, [this](const std::string& name) {
    const auto removed = vfs_->remove(name);
    return removed || removed.error().code == Code::kMissingFile;
  });
}

// ---------------------------------------------------------------------------------------------------
// Writing

Expected<void> Collection::check(const Draft& draft, const Transaction& transaction) const {
  IdOverlay ids;
  uint32_t item = 0;
  for (const Transaction::Part& part : transaction.parts()) {
    if (auto fits = check_dimensions(draft.view().dim, part.batch); !fits) return fits;
    for (const Operation& operation : part.batch.operations) {
      if (bytes_in_log(operation, draft.view().dim) > kMostItemBytes) {
        return Error{Code::kInvalidArgument, "An item is larger than 256 MB", item};
      }
      if (auto applied = ids.apply(draft.view(), operation, item++); !applied) return applied;
      if (operation.kind != OperationKind::kUpdate) continue;
      // What is not sound is found before anything is changed.
      if (const auto place = draft.view().find(operation.id)) {
        const RowRef old = draft.view().row(place->part, place->row);
        column::Scratch scratch;
        if (auto read = old.source->metadata(old.row, scratch); !read) return read.error();
      }
    }
  }
  return {};
}

/// Adds to an update what it leaves as it was. `merged` keeps what the operation borrows then.
Expected<void> Collection::resolve_update(const RowRef& old, Operation& operation,
                                          std::deque<Buffer>& merged) {
  if (operation.vector == nullptr) operation.vector = old.source->vector(old.row);
  column::Scratch scratch;
  const auto metadata = old.source->metadata(old.row, scratch);
  if (!metadata) return metadata.error();
  operation.metadata =
      operation.metadata.empty()
          ? merged.emplace_back(metadata->begin(), metadata->end())
          : merged.emplace_back(msgpack::merge_maps(*metadata, operation.metadata));
  return {};
}

/// Carries out a checked transaction on the draft; `payloads` receives what the log has to keep,
/// with updates resolved to whole items, so that replaying needs nothing but the log.
Expected<WriteCounts> Collection::apply(Draft& draft, const Transaction& transaction,
                                        std::vector<Buffer>& payloads) {
  WriteCounts counts;
  if (transaction.dim() != 0) draft.set_dimensions(transaction.dim());
  for (const Transaction::Part& part : transaction.parts()) {
    std::vector<Operation> resolved;
    resolved.reserve(part.batch.operations.size());
    std::deque<Buffer> merged;  // keeps what `resolved` borrows
    uint64_t bytes = 0;
    for (Operation operation : part.batch.operations) {
      const auto place = draft.view().find(operation.id);
      if (operation.kind == OperationKind::kDelete) {
        if (place) {
          draft.remove(*place);
          ++counts.deleted;
        }
        resolved.push_back(operation);
        continue;
      }
      if (operation.kind == OperationKind::kUpdate && place) {
        const RowRef old = draft.view().row(place->part, place->row);
        if (auto done = resolve_update(old, operation, merged); !done) return done.error();
      }
      if (place) draft.remove(*place);
      ++(place ? counts.updated : counts.inserted);
      draft.append(config_.metric, operation.id, operation.metadata, operation.vector);
      operation.kind = OperationKind::kUpsert;
      resolved.push_back(operation);
      bytes += bytes_in_log(operation, draft.view().dim);
      if (bytes < kMostRecordBytes) continue;
      payloads.push_back(encode_batch(draft.view().dim, resolved));
      resolved.clear();
      merged.clear();
      bytes = 0;
    }
    if (!resolved.empty()) payloads.push_back(encode_batch(draft.view().dim, resolved));
  }
  return counts;
}

void Collection::commit(std::span<Transaction* const> transactions,
                        std::span<Expected<WriteCounts>> results) {
  const auto start = Metrics::Clock::now();
  const auto lock = lock_writer();
  const auto fail_all = [&](const Error& error) {
    for (auto& result : results) {
      if (result) result = error;
    }
  };
  if (closed_) return fail_all({Code::kClosed, "The index is closed"});
  if (failure_) return fail_all(*failure_);
  resumed_ = false;
  if (auto acquired = acquire(); !acquired) return fail_all(acquired.error());
  if (auto kept = keep_lock_locked(); !kept) return fail_all(kept.error());

  Draft draft(state_);
  std::vector<std::vector<Buffer>> payloads;
  Durability durability = Durability::kNone;  // the strongest that is wanted
  WriteCounts all;
  try {
    for (size_t i = 0; i < transactions.size(); ++i) {
      if (auto checked = check(draft, *transactions[i]); !checked) {
        results[i] = checked.error();
        continue;
      }
      const auto counts = apply(draft, *transactions[i], payloads.emplace_back());
      if (!counts) {
        failure_ = counts.error();
        return fail_all(*failure_);
      }
      all.inserted += counts->inserted;
      all.updated += counts->updated;
      all.deleted += counts->deleted;
      durability = std::min(durability, transactions[i]->durability());
      results[i] = *counts;
    }
    if (auto written = write_log(payloads, durability); !written) {
      failure_ = written.error();
      return fail_all(*failure_);
    }
    uint64_t records = 0;
    for (const std::vector<Buffer>& transaction : payloads) records += transaction.size();
    publish(draft.finish(records));
  } catch (const std::bad_alloc&) {
    failure_ = Error{Code::kOutOfMemory,
                     "Out of memory during a write; open the index again to go on writing"};
    return fail_all(*failure_);
  }
  if (payloads.empty()) return;  // all were refused
  metrics_.record_commit(start, all.inserted, all.updated, all.deleted);
}

Expected<void> Collection::write_log(const std::vector<std::vector<Buffer>>& payloads,
                                     Durability durability) {
  for (const std::vector<Buffer>& transaction : payloads) {
    if (transaction.empty()) continue;
    if (!log_) {
      if (auto started = start_log(); !started) return started;
    }
    for (size_t i = 0; i < transaction.size(); ++i) {
      auto appended = log_->append(transaction[i], i + 1 == transaction.size());
      if (!appended) return appended;
    }
    unsynced_ = true;
  }
  if (!unsynced_) return {};
  if (durability == Durability::kSync) return sync_log();
  if (durability == Durability::kAsync) sync_owed_ = true;
  return log_->flush();
}

Expected<void> Collection::sync_log() {
  if (!unsynced_ || !log_) return {};
  auto synced = log_->sync();
  if (!synced) return synced;
  unsynced_ = false;
  sync_owed_ = false;
  return synced;
}

/// Begins a log file with the record that follows those of `state_`.
Expected<void> Collection::start_log() {
  auto log =
      store::LogWriter::create(disk(DiskUse::kCommit), next_file_number_, state_.next_sequence);
  if (!log) return log.error();
  ++next_file_number_;
  log_ = std::move(*log);
  return {};
}

Expected<void> Collection::sync() {
  const auto lock = lock_writer();
  if (failure_) return *failure_;
  if (!sync_owed_) return {};
  auto synced = sync_log();
  if (!synced) failure_ = synced.error();
  return synced;
}

Expected<void> Collection::close() {
  const auto lock = lock_writer();
  if (closed_) return {};
  closed_ = true;
  Expected<void> result;
  if (!failure_ && sync_owed_) result = sync_log();
  log_.reset();
  if (lock_) remove_superfluous();
  lock_.reset();
  return result;
}

}  // namespace quiver::engine
