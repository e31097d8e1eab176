// Making a collection what a snapshot of it is.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/collection.h"
#include "engine/place_file.h"
#include "store/file_names.h"

namespace quiver::engine {
namespace {

Expected<void> check_config(const Config& own, uint32_t own_dim, const Config& theirs,
                            uint32_t their_dim) {
  const std::string expected = "The snapshot is of an index with ";
  if (own.metric != theirs.metric) {
    return Error{Code::kInvalidArgument,
                 expected + "metric " + std::string(metric_name(theirs.metric)) +
                     ", this one has " + std::string(metric_name(own.metric))};
  }
  if (own_dim != 0 && their_dim != 0 && own_dim != their_dim) {
    return Error{Code::kDimensionMismatch, expected + std::to_string(their_dim) +
                                               " dimensions, this one has " +
                                               std::to_string(own_dim)};
  }
  return {};
}

}  // namespace

Expected<SnapshotCounts> Collection::restore(const std::shared_ptr<store::Vfs>& snapshot) {
  const auto manifest = store::read_manifest(*snapshot);
  if (!manifest) return manifest.error();
  OpenOptions options;
  options.read_only = true;
  const auto opened = open(snapshot, options);
  if (!opened) return opened.error();
  const State& from = (*opened)->state_;  // nobody else has it

  const auto lock = lock_writer();
  if (closed_) return Error{Code::kClosed, "The index is closed"};
  if (failure_) return *failure_;
  resumed_ = false;
  if (auto acquired = acquire(); !acquired) return acquired.error();
  if (auto kept = keep_lock_locked(); !kept) return kept.error();
  if (auto fits = check_config(config_, state_.view.dim, (*opened)->config_, from.view.dim);
      !fits) {
    return fits.error();
  }
  // The segments tell from which log file on the log is needed: no number may be below theirs.
  next_file_number_ = std::max(next_file_number_, manifest->next_file_number);
  // A log for what is committed from here on. Empty, it goes on from the old state's and the new.
  const uint64_t first_log = next_file_number_;
  auto started = sync_log();
  if (started) started = start_log();
  if (!started) {
    failure_ = started.error();
    return started.error();
  }

  SnapshotCounts counts;
  const uint64_t first_file = next_file_number_;
  auto next = place_state(*snapshot, from, first_log, counts);
  if (!next) {
    for (uint64_t number = first_file; number < next_file_number_; ++number) {
      superfluous_.push_back(store::segment_file_name(number));
      superfluous_.push_back(store::segment_file_name(number) + ".tmp");
    }
    remove_superfluous();
    return next.error();
  }
  // Taken away while files were copied: then the next owner removes them.
  if (auto kept = keep_lock_locked(); !kept) return kept.error();
  if (auto written = store::write_manifest(disk(DiskUse::kRestore), manifest_of(*next)); !written) {
    // Either state may be the one on the disk: what is committed now might belong to neither.
    failure_ = written.error();
    return written.error();
  }
  const State before = state_;
  busy_parts_ = 0;  // a job that runs is of rows that are gone
  publish(std::move(*next));
  remove_replaced(before);
  return counts;
}

/// Puts the rows of another folder's state into files of this one, under new numbers, and gives the
/// state that they make. Rows that are in no segment there become one; its graph is built later.
Expected<State> Collection::place_state(store::Vfs& source, const State& from, uint64_t first_log,
                                        SnapshotCounts& counts) {
  store::Vfs& vfs = disk(DiskUse::kRestore);
  State next;
  next.view.dim = from.view.dim != 0 ? from.view.dim : state_.view.dim;
  next.first_log = first_log;
  next.first_sequence = state_.next_sequence;
  next.next_sequence = state_.next_sequence;
  const auto add = [&](uint64_t number, const Part& rows) -> Expected<void> {
    auto segment = Segment::open(vfs, store::segment_file_name(number), config_.metric,
                                 next.view.dim, memory_);
    if (!segment) return segment.error();
    next.view.parts.push_back({std::move(*segment), rows.count, rows.deleted_count, rows.deleted});
    next.parts.push_back({number, 0, 0});
    ++counts.files;
    return {};
  };

  std::vector<RowRef> unsealed;
  for (size_t i = 0; i < from.parts.size(); ++i) {
    const Part& part = from.view.parts[i];
    if (from.parts[i].segment_number == 0) {
      for (uint32_t row = 0; row < part.count; ++row) {
        if (part.is_live(row)) unsealed.push_back(from.view.row(i, row));
      }
      continue;
    }
    const std::string name = store::segment_file_name(from.parts[i].segment_number);
    auto content = source.read(name);
    if (!content) return content.error();
    const uint64_t size = (*content)->bytes().size();
    const uint64_t number = next_file_number_++;
    const auto linked = place_file(vfs, store::segment_file_name(number), source, nullptr,
                                   SourceFile{name, std::move(*content)});
    if (!linked) return linked.error();
    if (*linked) {
      ++counts.linked;
    } else {
      counts.bytes_copied += size;
    }
    if (auto added = add(number, part); !added) return added.error();
  }
  if (!unsealed.empty()) {
    const uint64_t number = next_file_number_++;
    const std::string name = store::segment_file_name(number);
    auto written = Segment::write(vfs, name, config_.metric, next.view.dim, unsealed, first_log);
    if (!written) return written.error();
    const auto size = vfs.size(name);
    if (!size) return size.error();
    counts.bytes_copied += *size;
    const Part rows{nullptr, static_cast<uint32_t>(unsealed.size()), 0, nullptr};
    if (auto added = add(number, rows); !added) return added.error();
  }
  // The names of the files are on the disk before the manifest that names them.
  if (auto synced = vfs.sync_folder(); !synced) return synced.error();
  return next;
}

}  // namespace quiver::engine
