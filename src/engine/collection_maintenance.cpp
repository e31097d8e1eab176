// What a collection does in the background: sealing frozen heads into segments, merging segments.

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/exception.h"
#include "engine/collection.h"
#include "store/file_names.h"

namespace quiver::engine {
namespace {

/// Whether a part is searched row by row only for want of time.
bool wants_graph(const Part& part, const PartState& state) {
  return state.segment_number == 0 ||
         (part.source->graph() == nullptr && part.live() >= kSmallestGraph);
}

}  // namespace

/// About 2 million floats: what a query measures in a fraction of a millisecond.
uint32_t Collection::seal_threshold() const {
  if (options_.seal_threshold != 0) return options_.seal_threshold;
  return std::clamp<uint32_t>((1U << 21) / std::max(state_.view.dim, 1U), 1024, 65536);
}

bool Collection::wants_seal() const {
  if (!state_.head || state_.head->rows() == 0) return false;
  return optimize_requested_ || state_.head->rows() >= seal_threshold();
}

/// Whether there is a segment without a graph that should have one: a crash, a repair and a restore
/// leave such.
bool Collection::has_unbuilt_segment() const {
  for (size_t part = 0; part < state_.parts.size(); ++part) {
    if (state_.parts[part].segment_number != 0 &&
        wants_graph(state_.view.parts[part], state_.parts[part])) {
      return true;
    }
  }
  return false;
}

/// Ends the head and its log file, so that both can be replaced by a segment.
Expected<void> Collection::freeze() {
  if (auto synced = sync_log(); !synced) return synced;
  const uint64_t number = next_file_number_;
  if (auto started = start_log(); !started) return started;
  state_.parts.back().log_after = number;
  state_.parts.back().sequence_after = state_.next_sequence;
  state_.head = nullptr;
  return {};
}

/// The parts that the next job is to replace by one segment.
std::optional<std::pair<size_t, size_t>> Collection::next_range() const {
  const std::vector<Part>& parts = state_.view.parts;
  const size_t sealable = parts.size() - (state_.head ? 1 : 0);
  size_t unbuilt = 0;  // the first part that has no graph yet
  while (unbuilt < sealable && !wants_graph(parts[unbuilt], state_.parts[unbuilt])) ++unbuilt;
  if (optimize_requested_) {
    const bool is_compact =
        sealable == 0 || (sealable == 1 && unbuilt == 1 && parts[0].deleted_count == 0);
    if (!is_compact) return std::pair(size_t{0}, sealable);
  }
  if (unbuilt < sealable) return std::pair(unbuilt, sealable);
  for (size_t i = 0; i < sealable; ++i) {
    if (parts[i].deleted_count * 2 > parts[i].count) return std::pair(i, i + 1);
  }
  // Merge the newest segments once four or more are of like size: each row is then merged a
  // logarithmic number of times.
  if (sealable == 0) return std::nullopt;
  size_t first = sealable - 1;
  uint64_t rows = parts[first].live();
  while (first > 0 && parts[first - 1].live() <= rows) rows += parts[--first].live();
  if (sealable - first >= 4) return std::pair(first, sealable);
  return std::nullopt;
}

std::unique_ptr<MaintenanceJob> Collection::next_job() {
  const auto lock = lock_writer();
  if (closed_ || failure_) return nullptr;
  if (!lock_) {
    // What was left undone is done here unless another process is at it.
    if (!std::exchange(resume_, false) || !acquire()) return nullptr;
    resumed_ = true;
  }
  if (!keep_lock_locked()) return nullptr;
  remove_superfluous();
  if (wants_seal()) {
    if (auto frozen = caught([this] { return freeze(); }); !frozen) {
      failure_ = frozen.error();
      if (resumed_) release();
      return nullptr;
    }
  }
  const auto range = next_range();
  if (!range) {
    busy_parts_ = 0;
    optimize_requested_ = false;
    if (resumed_) release();
    return nullptr;
  }
  auto job = std::make_unique<MaintenanceJob>(view_, range->first, range->second, config_,
                                              next_file_number_++,
                                              first_log_after(range->first, range->second));
  busy_parts_ = range->second;
  return job;
}

Expected<void> Collection::request_optimize() {
  if (auto acquired = become_writer(); !acquired) return acquired;
  optimize_requested_ = true;
  return {};
}

Expected<void> Collection::install(const MaintenanceJob& job) {
  const auto lock = lock_writer();
  busy_parts_ = 0;
  if (closed_) return Error{Code::kClosed, "The index is closed"};
  if (failure_) return *failure_;
  if (!is_current(job)) {
    superfluous_.push_back(store::segment_file_name(job.segment_number()));
    remove_superfluous();
    return {};
  }
  return install_locked(job);
}

void Collection::abandon(const Error& error) {
  const auto lock = lock_writer();
  busy_parts_ = 0;
  set_maintenance_error(error);
  // Who only reads keeps nobody from writing.
  if (lock_ && resumed_) release();
}

Expected<void> Collection::install_locked(const MaintenanceJob& job) {
  State before;
  auto installed = caught([&] {
    before = state_;
    return try_install(job);
  });
  if (!installed) {
    // A manifest that failed may be there and name it: it is no use only after the next one.
    failed_.push_back(store::segment_file_name(job.segment_number()));
    return installed;
  }
  std::move(failed_.begin(), failed_.end(), std::back_inserter(superfluous_));
  failed_.clear();
  remove_replaced(before);
  (job.is_seal() ? metrics_.seals : metrics_.merges).record(Metrics::since(job.started_at()));
  return {};
}

Expected<void> Collection::try_install(const MaintenanceJob& job) {
  if (auto kept = keep_lock_locked(); !kept) return kept;
  auto next = replace_parts(job);
  if (!next) return next.error();
  // The manifest holds deletions that may come from commits not yet on the disk: the log first.
  if (auto synced = sync_log(); !synced) {
    failure_ = synced.error();
    return synced;
  }
  if (auto written = store::write_manifest(vfs_for(job), manifest_of(*next)); !written)
    return written;
  publish(std::move(*next));
  return {};
}

namespace {

/// Moves the beginning of the log behind the rows of all segments that no head comes before.
void drop_logs(State& state) {
  for (const PartState& part : state.parts) {
    if (part.segment_number == 0) return;
    if (part.log_after <= state.first_log) continue;
    state.first_log = part.log_after;
    state.first_sequence = part.sequence_after;
  }
}

}  // namespace

/// Whether the parts that the job was made from are still there. None but jobs replaces single
/// ones.
bool Collection::is_current(const MaintenanceJob& job) const {
  const std::vector<Part>& now = state_.view.parts;
  return job.last() <= now.size() &&
         now[job.first()].source == job.view().parts[job.first()].source;
}

/// The log file from which on the log is needed once the parts [first, last) are one segment.
uint64_t Collection::first_log_after(size_t first, size_t last) const {
  State next = state_;
  for (size_t part = first; part < last; ++part) next.parts[part].segment_number = 1;
  drop_logs(next);
  return next.first_log;
}

/// The state with the finished job's segment in place of the parts that it was made from.
Expected<State> Collection::replace_parts(const MaintenanceJob& job) {
  State next = state_;
  const auto first = static_cast<ptrdiff_t>(job.first());
  const auto last = static_cast<ptrdiff_t>(job.last());
  PartState made = state_.parts[job.last() - 1];
  made.segment_number = job.segment_number();
  for (size_t part = job.first(); part < job.last(); ++part) {
    next.parts[part].segment_number = job.segment_number();
  }
  drop_logs(next);
  std::vector<Part>& parts = next.view.parts;
  parts.erase(parts.begin() + first, parts.begin() + last);
  next.parts.erase(next.parts.begin() + first, next.parts.begin() + last);
  if (job.rows() == 0) return next;

  auto segment = Segment::open(vfs_for(job), store::segment_file_name(job.segment_number()),
                               config_.metric, state_.view.dim, memory_);
  if (!segment) return segment.error();
  Part part{*segment, job.rows(), 0, nullptr};
  // Rows deleted while the job ran.
  auto deleted = std::make_shared<Bitmap>(job.rows());
  for (uint32_t row = 0; row < job.rows(); ++row) {
    const MaintenanceJob::Source& from = job.sources()[row];
    if (state_.view.parts[from.part].is_live(from.row)) continue;
    deleted->set(row);
    ++part.deleted_count;
  }
  if (part.deleted_count != 0) part.deleted = std::move(deleted);
  parts.insert(parts.begin() + first, std::move(part));
  next.parts.insert(next.parts.begin() + first, made);
  return next;
}

/// Heads may fill so many bytes before graphs are waited for no longer.
uint64_t Collection::most_head_bytes() const {
  constexpr uint64_t kMostHeadBytes = uint64_t{256} << 20;
  if (options_.memory_limit == 0) return kMostHeadBytes;
  return std::min(kMostHeadBytes, options_.memory_limit / 2);
}

/// Of the heads that no job works on.
uint64_t Collection::free_head_bytes() const {
  uint64_t bytes = 0;
  for (size_t part = busy_parts_; part < state_.parts.size(); ++part) {
    if (state_.parts[part].segment_number == 0) bytes += state_.view.parts[part].source->bytes();
  }
  return bytes;
}

Expected<void> Collection::make_room() {
  const auto lock = lock_writer();
  if (closed_ || failure_ || !lock_ || !options_.use_mmap || !vfs_->maps_files()) return {};
  const uint64_t bytes = free_head_bytes();
  if (bytes == 0 || bytes < std::max(room_wanted_at_, most_head_bytes())) return {};
  if (state_.head) {
    if (auto frozen = caught([this] { return freeze(); }); !frozen) {
      failure_ = frozen.error();
      return frozen;
    }
  }
  size_t first = busy_parts_;
  while (state_.parts[first].segment_number != 0) ++first;
  Expected<void> done = caught([&] { return seal_without_graph(first); });
  room_wanted_at_ = done ? 0 : bytes + most_head_bytes();
  if (!done) set_maintenance_error(done.error());
  return done;
}

/// Turns the heads from part `first` on, which are frozen, into a segment.
Expected<void> Collection::seal_without_graph(size_t first) {
  MaintenanceJob job(view_, first, state_.parts.size(), config_, next_file_number_++,
                     first_log_after(first, state_.parts.size()), MaintenanceJob::Graph::kNone);
  if (auto prepared = job.prepare(); !prepared) return prepared;
  // Who has lost the lock must not write over the new owner's files.
  if (auto kept = keep_lock_locked(); !kept) return kept;
  if (auto written = job.write(vfs_for(job)); !written) return written;
  return install_locked(job);
}

/// Removes the files that the manifest does not name any more.
void Collection::remove_replaced(const State& before) {
  for (const PartState& part : before.parts) {
    const bool stays = std::any_of(
        state_.parts.begin(), state_.parts.end(),
        [&](const PartState& now) { return now.segment_number == part.segment_number; });
    if (part.segment_number != 0 && !stays) {
      superfluous_.push_back(store::segment_file_name(part.segment_number));
    }
  }
  if (state_.first_log != before.first_log) {
    // Without a list they are found when the lock is taken the next time.
    const auto files = vfs_->list();
    for (const std::string& name : files ? *files : std::vector<std::string>()) {
      const auto number = store::log_file_number(name);
      if (number && *number < state_.first_log) superfluous_.push_back(name);
    }
  }
  remove_superfluous();
}

store::Manifest Collection::manifest_of(const State& state) const {
  store::Manifest manifest;
  manifest.index = index_;
  Config config = config_;
  config.dimensions = state.view.dim;
  manifest.config = encode_config(config);
  manifest.next_file_number = next_file_number_;
  manifest.first_log = state.first_log;
  manifest.first_sequence = state.first_sequence;
  for (size_t i = 0; i < state.parts.size(); ++i) {
    if (state.parts[i].segment_number == 0) continue;
    const Part& part = state.view.parts[i];
    store::SegmentEntry entry;
    entry.number = state.parts[i].segment_number;
    entry.rows = part.count;
    for (uint32_t row = 0; part.deleted && row < part.count; ++row) {
      if (part.deleted->test(row)) entry.deleted_rows.push_back(row);
    }
    manifest.segments.push_back(std::move(entry));
  }
  return manifest;
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

}  // namespace quiver::engine
