#include "engine/collection.h"

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/msgpack.h"

namespace quiver::engine {
namespace {

uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                               std::chrono::nanoseconds(1));
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

/// The next view while it is being made, with what readers do not see.
struct Collection::Draft {
  View view;
  std::vector<PartState> states;
  std::vector<std::shared_ptr<Bitmap>> owned;  // per part: its deleted rows, once they differ

  explicit Draft(const View& from, std::vector<PartState> from_states)
      : view(from), states(std::move(from_states)), owned(from.parts.size()) {}

  void remove(View::Place place) {
    Part& part = view.parts[place.part];
    std::shared_ptr<Bitmap>& own = owned[place.part];
    if (!own) {
      own = part.deleted ? std::make_shared<Bitmap>(*part.deleted) : std::make_shared<Bitmap>();
      part.deleted = own;
    }
    if (place.row >= own->size()) own->grow(std::max<size_t>(part.count, own->size() * 2));
    own->set(place.row);
    ++part.deleted_count;
  }
};

Collection::Collection(std::shared_ptr<store::Vfs> vfs, Config config, OpenOptions options)
    : vfs_(std::move(vfs)), config_(std::move(config)), options_(options) {}

Collection::~Collection() { (void)close(); }

Expected<void> Collection::create(store::Vfs& vfs, const Config& config) {
  if (auto made = vfs.make_folder(); !made) return made;
  auto lock = store::Lock::acquire(vfs);
  if (!lock) return lock.error();
  const auto exists = vfs.exists(store::kManifestName);
  if (!exists) return exists.error();
  if (*exists) return Error{Code::kIndexExists, "Index already exists"};
  store::Manifest manifest;
  manifest.config = encode_config(config);
  manifest.first_log = 1;
  manifest.first_sequence = 1;
  manifest.next_file_number = 2;
  auto log = store::LogWriter::create(vfs, manifest.first_log, manifest.first_sequence);
  if (!log) return log.error();
  if (auto synced = (*log)->sync(); !synced) return synced;
  return store::write_manifest(vfs, manifest);
}

Expected<std::shared_ptr<Collection>> Collection::open(std::shared_ptr<store::Vfs> vfs,
                                                       const OpenOptions& options) {
  const auto exists = vfs->exists(store::kManifestName);
  if (!exists) return exists.error();
  if (!*exists) return Error{Code::kIndexNotFound, "Index does not exist"};
  auto lock = store::Lock::acquire(*vfs);
  if (!lock) return lock.error();
  auto manifest = store::read_manifest(*vfs);
  if (!manifest) return manifest.error();
  auto config = decode_config(manifest->config);
  if (!config) return Error{Code::kCorruptFile, "manifest is corrupt: " + config.error().message};
  std::shared_ptr<Collection> collection(
      new Collection(std::move(vfs), std::move(*config), options));
  collection->lock_ = std::move(*lock);
  if (auto recovered = collection->recover(*manifest); !recovered) return recovered.error();
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
  for (const std::string& name : *files) {
    const bool is_ours =
        store::log_file_number(name) || store::segment_file_number(name) || ends_with(name, ".tmp");
    if (!is_ours) continue;
    if (auto removed = vfs.remove(name); !removed) return removed;
  }
  lock->reset();
  return store::remove_lock_files(vfs) ? vfs.remove_folder_if_empty() : Expected<void>();
}

std::shared_ptr<const View> Collection::view() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

void Collection::publish(Draft&& draft) {
  states_ = std::move(draft.states);
  auto view = std::make_shared<const View>(std::move(draft.view));
  const std::lock_guard lock(view_mutex_);
  view_ = std::move(view);
}

// ---------------------------------------------------------------------------------------------------
// Recovery

Expected<void> Collection::recover(const store::Manifest& manifest) {
  auto files = vfs_->list();
  if (!files) return files.error();
  View view;
  view.dim = config_.dimensions;
  std::vector<PartState> states;
  for (const store::SegmentEntry& entry : manifest.segments) {
    const std::string name = store::segment_file_name(entry.number);
    auto segment = Segment::open(*vfs_, name, config_.metric, view.dim);
    if (!segment) return segment.error();
    if ((*segment)->rows() != entry.rows) {
      return Error{Code::kCorruptFile, name + " is corrupt: expected " +
                                           std::to_string(entry.rows) + " rows, got " +
                                           std::to_string((*segment)->rows())};
    }
    Part part{*segment, entry.rows, static_cast<uint32_t>(entry.deleted_rows.size()), nullptr};
    if (!entry.deleted_rows.empty()) {
      auto deleted = std::make_shared<Bitmap>(entry.rows);
      for (const uint32_t row : entry.deleted_rows) deleted->set(row);
      part.deleted = std::move(deleted);
    }
    view.parts.push_back(std::move(part));
    states.push_back({entry.number, 0, 0});
  }
  view_ = std::make_shared<const View>(std::move(view));
  states_ = std::move(states);
  first_log_ = manifest.first_log;
  first_sequence_ = manifest.first_sequence;
  next_file_number_ = manifest.next_file_number;
  if (auto replayed = replay(manifest, *files); !replayed) return replayed;
  remove_orphans(manifest, *files);
  return {};
}

Expected<void> Collection::replay(const store::Manifest& manifest,
                                  const std::vector<std::string>& files) {
  std::vector<uint64_t> logs;
  for (const std::string& name : files) {
    for (const auto number : {store::log_file_number(name), store::segment_file_number(name)}) {
      if (number) next_file_number_ = std::max(next_file_number_, *number + 1);
    }
    const auto number = store::log_file_number(name);
    if (number && *number >= manifest.first_log) logs.push_back(*number);
  }
  std::sort(logs.begin(), logs.end());
  if (logs.empty() || logs.front() != manifest.first_log) {
    return Error{Code::kMissingFile, store::log_file_name(manifest.first_log) + " is missing"};
  }
  Draft draft(*view_, states_);
  next_sequence_ = manifest.first_sequence;
  for (const uint64_t number : logs) {
    const std::string name = store::log_file_name(number);
    const auto apply_transaction = [&](std::span<const Bytes> payloads) -> Expected<void> {
      for (const Bytes payload : payloads) {
        auto batch = decode_batch(payload);
        const bool fits = batch && check_dimensions(draft.view.dim, *batch);
        if (!fits) {
          return Error{Code::kCorruptFile,
                       name + " is corrupt: " +
                           (batch ? "a vector has a wrong length" : batch.error().message)};
        }
        if (batch->dim != 0) draft.view.dim = batch->dim;
        for (const Operation& operation : batch->operations) {
          if (const auto place = draft.view.find(operation.id)) draft.remove(*place);
          if (operation.kind == OperationKind::kDelete) continue;
          open_head(draft);
          head_->append(operation.id, operation.metadata, operation.vector);
          ++draft.view.parts.back().count;
        }
      }
      return {};
    };
    auto result = store::replay_log(*vfs_, number, next_sequence_, apply_transaction);
    if (!result) return result.error();
    next_sequence_ = result->next_sequence;
  }
  publish(std::move(draft));
  return {};
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
    // What cannot be removed now is harmless and is tried again at the next opening.
    if (is_orphan) (void)vfs_->remove(name);
  }
}

// ---------------------------------------------------------------------------------------------------
// Writing

/// Makes the last part a head with room for a row.
void Collection::open_head(Draft& draft) {
  if (head_ && !head_->full()) return;
  if (head_) {
    // Full in the middle of a log file: that file stays until the rows after it are sealed too.
    draft.states.back().log_after = first_log_;
    draft.states.back().sequence_after = first_sequence_;
  }
  head_ = std::make_shared<Head>(config_.metric, draft.view.dim);
  draft.view.parts.push_back({head_, 0, 0, nullptr});
  draft.states.emplace_back();
  draft.owned.emplace_back();
}

Expected<void> Collection::check(const Draft& draft, const Transaction& transaction) const {
  IdOverlay ids;
  uint32_t item = 0;
  for (const Transaction::Part& part : transaction.parts()) {
    if (auto fits = check_dimensions(draft.view.dim, part.batch); !fits) return fits;
    for (const Operation& operation : part.batch.operations) {
      if (auto applied = ids.apply(draft.view, operation, item++); !applied) return applied;
    }
  }
  return {};
}

/// Carries out a checked transaction on the draft; `payloads` receives what the log has to keep,
/// with updates resolved to whole items, so that replaying needs nothing but the log.
WriteCounts Collection::apply(Draft& draft, const Transaction& transaction,
                              std::vector<Buffer>& payloads) {
  WriteCounts counts;
  if (transaction.dim() != 0) draft.view.dim = transaction.dim();
  for (const Transaction::Part& part : transaction.parts()) {
    std::vector<Operation> resolved;
    resolved.reserve(part.batch.operations.size());
    std::deque<Buffer> merged;  // keeps what `resolved` borrows
    for (Operation operation : part.batch.operations) {
      const auto place = draft.view.find(operation.id);
      if (operation.kind == OperationKind::kDelete) {
        if (place) {
          draft.remove(*place);
          ++counts.deleted;
        }
        resolved.push_back(operation);
        continue;
      }
      if (operation.kind == OperationKind::kUpdate && place) {
        const RowSource& source = *draft.view.parts[place->part].source;
        if (operation.vector == nullptr) operation.vector = source.vector(place->row);
        const Bytes old = source.metadata(place->row);
        if (operation.metadata.empty()) {
          operation.metadata = old;
        } else {
          operation.metadata = merged.emplace_back(msgpack::merge_maps(old, operation.metadata));
        }
      }
      if (place) draft.remove(*place);
      ++(place ? counts.updated : counts.inserted);
      open_head(draft);
      head_->append(operation.id, operation.metadata, operation.vector);
      ++draft.view.parts.back().count;
      operation.kind = OperationKind::kUpsert;
      resolved.push_back(operation);
    }
    payloads.push_back(encode_batch(draft.view.dim, resolved));
  }
  return counts;
}

void Collection::commit(std::span<Transaction* const> transactions,
                        std::span<Expected<WriteCounts>> results) {
  const uint64_t start = now_ns();
  const std::lock_guard lock(writer_mutex_);
  const auto fail_all = [&](const Error& error) {
    for (auto& result : results) {
      if (result) result = error;
    }
  };
  if (closed_) return fail_all({Code::kClosed, "The index is closed"});
  if (failure_) return fail_all(*failure_);

  Draft draft(*view_, states_);
  std::vector<std::vector<Buffer>> payloads;
  uint64_t inserted = 0;
  try {
    for (size_t i = 0; i < transactions.size(); ++i) {
      if (auto checked = check(draft, *transactions[i]); !checked) {
        results[i] = checked.error();
        continue;
      }
      const WriteCounts counts = apply(draft, *transactions[i], payloads.emplace_back());
      inserted += counts.inserted + counts.updated;
      results[i] = counts;
    }
  } catch (const std::bad_alloc&) {
    failure_ = Error{Code::kOutOfMemory,
                     "Out of memory during a write; open the index again to go on writing"};
    return fail_all(*failure_);
  }
  if (auto written = write_log(payloads); !written) {
    failure_ = written.error();
    return fail_all(*failure_);
  }
  ++draft.view.version;
  publish(std::move(draft));
  items_inserted_ += inserted;
  commit_times_.record(now_ns() - start);
}

Expected<void> Collection::write_log(const std::vector<std::vector<Buffer>>& payloads) {
  for (const std::vector<Buffer>& transaction : payloads) {
    if (transaction.empty()) continue;
    if (!log_) {
      if (auto started = start_log(); !started) return started;
    }
    for (size_t i = 0; i < transaction.size(); ++i) {
      auto appended = log_->append(transaction[i], i + 1 == transaction.size());
      if (!appended) return appended;
      ++next_sequence_;
    }
    unsynced_ = true;
  }
  if (!unsynced_) return {};
  if (options_.durability != Durability::kSync) return log_->flush();
  if (auto synced = log_->sync(); !synced) return synced;
  unsynced_ = false;
  return {};
}

Expected<void> Collection::start_log() {
  auto log = store::LogWriter::create(*vfs_, next_file_number_, next_sequence_);
  if (!log) return log.error();
  ++next_file_number_;
  log_ = std::move(*log);
  return {};
}

Expected<void> Collection::sync() {
  const std::lock_guard lock(writer_mutex_);
  if (failure_) return *failure_;
  if (!unsynced_ || !log_ || options_.durability == Durability::kNone) return {};
  if (auto synced = log_->sync(); !synced) {
    failure_ = synced.error();
    return synced;
  }
  unsynced_ = false;
  return {};
}

// ---------------------------------------------------------------------------------------------------
// Sealing and merging

/// About 2 million floats: what a query measures in a fraction of a millisecond.
uint32_t Collection::seal_threshold(uint32_t dim) const {
  if (options_.seal_threshold != 0) return options_.seal_threshold;
  return std::clamp<uint32_t>((1U << 21) / std::max(dim, 1U), 1024, 65536);
}

/// Ends the head and its log file, so that both can be replaced by a segment. Needs the writer's
/// lock.
Expected<void> Collection::freeze() {
  if (log_) {
    if (auto synced = log_->sync(); !synced) return synced;
    unsynced_ = false;
  }
  const uint64_t number = next_file_number_;
  if (auto started = start_log(); !started) return started;
  states_.back().log_after = number;
  states_.back().sequence_after = next_sequence_;
  head_ = nullptr;
  return {};
}

std::optional<std::pair<size_t, size_t>> Collection::next_range(const View& view) const {
  size_t segments = 0;
  while (segments < states_.size() && states_[segments].segment_number != 0) ++segments;
  const size_t sealable = states_.size() - (head_ ? 1 : 0);
  if (optimize_requested_) {
    const bool is_compact =
        sealable == 0 || (sealable == 1 && segments == 1 && view.parts[0].deleted_count == 0);
    if (!is_compact) return std::pair(size_t{0}, sealable);
  }
  if (segments < sealable) return std::pair(segments, sealable);
  for (size_t i = 0; i < segments; ++i) {
    if (view.parts[i].deleted_count * 2 > view.parts[i].count) return std::pair(i, i + 1);
  }
  // Merge the newest segments once four or more are of like size: each row is then merged a
  // logarithmic number of times.
  if (segments == 0) return std::nullopt;
  size_t first = segments - 1;
  uint64_t rows = view.parts[first].live();
  while (first > 0 && view.parts[first - 1].live() <= rows) rows += view.parts[--first].live();
  if (segments - first >= 4) return std::pair(first, segments);
  return std::nullopt;
}

std::unique_ptr<MaintenanceJob> Collection::next_job() {
  const std::lock_guard lock(writer_mutex_);
  if (closed_ || failure_) return nullptr;
  const bool wants_seal = head_ && head_->rows() > 0 &&
                          (optimize_requested_ || head_->rows() >= seal_threshold(view_->dim));
  if (wants_seal) {
    if (auto frozen = freeze(); !frozen) {
      failure_ = frozen.error();
      return nullptr;
    }
  }
  const auto range = next_range(*view_);
  if (!range) {
    optimize_requested_ = false;
    return nullptr;
  }
  return std::make_unique<MaintenanceJob>(view_, range->first, range->second, config_,
                                          next_file_number_++);
}

Expected<void> Collection::install(const MaintenanceJob& job) {
  const std::lock_guard lock(writer_mutex_);
  if (closed_) return Error{Code::kClosed, "The index is closed"};
  if (failure_) return *failure_;
  const View& before = *view_;

  View view;
  view.dim = before.dim;
  view.version = before.version + 1;
  std::vector<PartState> states;
  const auto keep = [&](size_t begin, size_t end) {
    view.parts.insert(view.parts.end(), before.parts.begin() + static_cast<ptrdiff_t>(begin),
                      before.parts.begin() + static_cast<ptrdiff_t>(end));
    states.insert(states.end(), states_.begin() + static_cast<ptrdiff_t>(begin),
                  states_.begin() + static_cast<ptrdiff_t>(end));
  };
  keep(0, job.first());
  if (job.rows() != 0) {
    auto segment = Segment::open(*vfs_, store::segment_file_name(job.segment_number()),
                                 config_.metric, before.dim);
    if (!segment) return segment.error();
    Part part{*segment, job.rows(), 0, nullptr};
    // Rows deleted while the job ran.
    auto deleted = std::make_shared<Bitmap>(job.rows());
    for (uint32_t row = 0; row < job.rows(); ++row) {
      const MaintenanceJob::Source& from = job.sources()[row];
      if (before.parts[from.part].is_live(from.row)) continue;
      deleted->set(row);
      ++part.deleted_count;
    }
    if (part.deleted_count != 0) part.deleted = std::move(deleted);
    view.parts.push_back(std::move(part));
    states.push_back({job.segment_number(), 0, 0});
  }
  keep(job.last(), before.parts.size());

  uint64_t first_log = first_log_;
  uint64_t first_sequence = first_sequence_;
  if (const PartState& last = states_[job.last() - 1]; last.segment_number == 0) {
    first_log = last.log_after;
    first_sequence = last.sequence_after;
  }
  // The manifest holds deletions that may come from commits not yet on the disk: the log first.
  if (unsynced_ && log_) {
    if (auto synced = log_->sync(); !synced) {
      failure_ = synced.error();
      return synced;
    }
    unsynced_ = false;
  }
  if (auto written = write_manifest(view, states, first_log, first_sequence); !written) {
    return written;
  }
  std::vector<std::string> superfluous;
  for (size_t part = job.first(); part < job.last(); ++part) {
    if (states_[part].segment_number != 0) {
      superfluous.push_back(store::segment_file_name(states_[part].segment_number));
    }
  }
  if (first_log != first_log_) {
    if (auto files = vfs_->list()) {
      for (const std::string& name : *files) {
        const auto number = store::log_file_number(name);
        if (number && *number < first_log) superfluous.push_back(name);
      }
    }
  }
  first_log_ = first_log;
  first_sequence_ = first_sequence;
  states_ = std::move(states);
  {
    const std::lock_guard view_lock(view_mutex_);
    view_ = std::make_shared<const View>(std::move(view));
  }
  // What cannot be removed now is removed at the next opening.
  for (const std::string& name : superfluous) (void)vfs_->remove(name);
  return {};
}

Expected<void> Collection::write_manifest(const View& view, const std::vector<PartState>& states,
                                          uint64_t first_log, uint64_t first_sequence) {
  store::Manifest manifest;
  Config config = config_;
  config.dimensions = view.dim;
  manifest.config = encode_config(config);
  manifest.next_file_number = next_file_number_;
  manifest.first_log = first_log;
  manifest.first_sequence = first_sequence;
  for (size_t i = 0; i < states.size(); ++i) {
    if (states[i].segment_number == 0) continue;
    const Part& part = view.parts[i];
    store::SegmentEntry entry;
    entry.number = states[i].segment_number;
    entry.rows = part.count;
    for (uint32_t row = 0; part.deleted && row < part.count; ++row) {
      if (part.deleted->test(row)) entry.deleted_rows.push_back(row);
    }
    manifest.segments.push_back(std::move(entry));
  }
  return store::write_manifest(*vfs_, manifest);
}

void Collection::set_progress(bool idle, uint32_t done, uint32_t total) {
  maintenance_done_ = done;
  maintenance_total_ = total;
  maintenance_idle_ = idle;
}

void Collection::set_maintenance_error(std::optional<Error> error) {
  const std::lock_guard lock(maintenance_error_mutex_);
  maintenance_error_ = std::move(error);
}

Expected<void> Collection::close() {
  const std::lock_guard lock(writer_mutex_);
  if (closed_) return {};
  closed_ = true;
  Expected<void> result;
  if (log_ && unsynced_ && !failure_ && options_.durability != Durability::kNone) {
    result = log_->sync();
  }
  log_.reset();
  lock_.reset();
  return result;
}

}  // namespace quiver::engine
