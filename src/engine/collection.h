#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/config.h"
#include "engine/maintenance.h"
#include "engine/metrics.h"
#include "engine/place_file.h"
#include "engine/query_pace.h"
#include "engine/recovery.h"
#include "engine/result_cache.h"
#include "engine/segment.h"
#include "engine/state.h"
#include "engine/transaction.h"
#include "engine/view.h"
#include "store/counting_vfs.h"
#include "store/lock.h"
#include "store/log.h"
#include "store/manifest.h"
#include "store/vfs.h"

namespace quiver::engine {

/// What a snapshot or a restored index consists of.
struct SnapshotCounts {
  uint32_t files = 0;
  uint32_t linked = 0;  ///< of them, those that took no copying
  uint64_t bytes_copied = 0;
};

/// Bytes of memory.
struct MemoryUse {
  uint64_t head = 0;      ///< of rows that are in no segment yet
  uint64_t segments = 0;  ///< of all segments, in memory or not
  uint64_t mapped = 0;    ///< of them, those that come into memory by use
  uint64_t resident = 0;  ///< of `segments`, those that are in memory now
  uint64_t blocks = 0;    ///< of metadata that are kept decompressed
};

/// An open index. It has no threads of its own.
///
/// Any number of processes may have a folder open; one of them writes. A collection takes the
/// folder's lock when it first writes, or finds maintenance left undone, and keeps it until it is
/// closed. Without the lock it follows what the writing process commits.
///
/// Threads: any number may call `view`, `latest` and what says so; `commit`, `install` and the
/// other changes lock each other out. Readers never wait for them.
///
/// How a write becomes durable: checked → head (not yet visible) → log, fsync → new view. When the
/// head is large, it is frozen, a new log file is begun, and a MaintenanceJob turns the frozen head
/// into a segment; `install` then replaces the manifest, which makes the old log files superfluous.
class Collection {
 public:
  /// Makes an empty index. INDEX_EXISTS if the folder holds one.
  static Expected<void> create(store::Vfs& vfs, const Config& config);

  /// Opens an index with what the log holds beyond the segments. Writes nothing.
  static Expected<std::shared_ptr<Collection>> open(std::shared_ptr<store::Vfs> vfs,
                                                    const OpenOptions& options);

  /// Removes an index's files. INDEX_NOT_FOUND if there is none, LOCKED if a process
  /// writes to it.
  static Expected<void> destroy(store::Vfs& vfs);

  ~Collection();
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  [[nodiscard]] const Config& config() const { return config_; }

  /// The newest published state. Any thread.
  [[nodiscard]] std::shared_ptr<const View> view() const;

  /// The same, with what another process has committed until about 50 ms ago. Any thread. Errors
  /// as `refresh`.
  Expected<std::shared_ptr<const View>> latest();
  /// Whether latest() would first look for what another process has written.
  [[nodiscard]] bool is_to_look() const;

  /// Publishes what another process has committed; whether there was anything. Any thread.
  /// INDEX_NOT_FOUND if the index is gone or was made anew.
  Expected<bool> refresh();

  /// Takes the folder's lock unless this collection has it. LOCKED names the process that has it.
  Expected<void> become_writer();

  /// Commits transactions in order, with one fsync if one of them wants it. Each gets its own
  /// result in `results`: a refused one changes nothing. After a failure to write the log every
  /// later commit fails: what is on the disk is then unknown, and only opening the index again
  /// tells.
  void commit(std::span<Transaction* const> transactions, std::span<Expected<WriteCounts>> results);

  /// Says to other hosts that the owner of the lock lives; to be called every Lock::kBeatEvery.
  /// LOCKED, as for every later write, if it has been taken away.
  Expected<void> keep_lock();

  /// Puts on the disk what `durability: 'async'` has acknowledged since the last time.
  Expected<void> sync();

  /// Whether sync() has something to do. Any thread.
  [[nodiscard]] bool owes_sync() const { return sync_owed_; }

  /// The next piece of background work, if there is any: sealing frozen heads, merging segments of
  /// like size or with many deleted rows, or what request_optimize() asked for. One job at a time.
  std::unique_ptr<MaintenanceJob> next_job();

  /// Puts the finished job's segment in place of the parts that it was made from; drops it if they
  /// are gone, by a restore.
  Expected<void> install(const MaintenanceJob& job);

  /// Ends the job that next_job() gave without its segment. The error is kept for the statistics.
  void abandon(const Error& error);

  /// When rows come faster than graphs are built, and heads fill much memory: writes them to a
  /// segment without a graph, which is built later. Only where files are mapped, else nothing would
  /// be won. An error is also kept for the statistics; the next try comes when as much again was
  /// written.
  Expected<void> make_room();

  /// Asks for one segment without deleted rows. Errors as `become_writer`.
  Expected<void> request_optimize();

  /// What stands in the statistics about background work. Any thread.
  void set_progress(bool idle, uint32_t done, uint32_t total);
  /// What the last piece of background work failed with; nothing once one succeeds.
  void set_maintenance_error(std::optional<Error> error);

  /// Writes the newest state to another folder as an index of its own, while reads and writes go
  /// on. Files that never change are linked where the file system can, from here or from `base`, an
  /// earlier snapshot (null: none). Any thread. INDEX_EXISTS if `folder` holds an index.
  Expected<SnapshotCounts> snapshot(store::Vfs& folder, store::Vfs* base);

  /// What the newest state takes. Any thread.
  [[nodiscard]] MemoryUse memory_use() const;

  /// Whether there is a limit to keep to.
  [[nodiscard]] bool has_memory_limit() const { return options_.memory_limit != 0; }
  /// Takes mapped segments out of memory while there is more in it than `memoryLimit`, those first
  /// that were not used for longest. Any thread.
  void keep_to_memory_limit();

  /// Makes this index what the one in another folder is, a snapshot of it: at once for readers, and
  /// on the disk when this returns; cut short, it is as it was. Files are linked where the file
  /// system can. The index keeps its identity and its configuration but for dimensions that it has
  /// not got yet. INVALID_ARGUMENT or DIMENSION_MISMATCH if the other one's metric or dimensions
  /// differ, INDEX_NOT_FOUND; errors as `become_writer`.
  Expected<SnapshotCounts> restore(const std::shared_ptr<store::Vfs>& snapshot);

  /// The msgpack map of docs/engine-messages.md, with the histograms' buckets or without. Any
  /// thread.
  [[nodiscard]] Expected<Buffer> statistics(Durability of_session, bool with_buckets = false);

  /// Reads every file again and checks all that can be checked. Any thread.
  [[nodiscard]] Expected<Buffer> verify();

  /// Writes what is unwritten and releases the folder. Later commits fail with CLOSED.
  Expected<void> close();

  [[nodiscard]] store::Vfs& vfs() { return *vfs_; }
  /// The same, where what a job reads and writes is counted.
  [[nodiscard]] store::Vfs& vfs_for(const MaintenanceJob& job) {
    return disk(job.is_seal() ? DiskUse::kSeal : DiskUse::kMerge);
  }

  Metrics& metrics() { return metrics_; }
  QueryPace& query_pace() { return query_pace_; }
  ResultCache& result_cache() { return result_cache_; }

 private:
  Collection(std::shared_ptr<store::Vfs> vfs, Config config, OpenOptions options);

  [[nodiscard]] store::Vfs& disk(DiskUse use) { return disks_[static_cast<size_t>(use)]; }
  std::unique_lock<std::mutex> lock_writer();

  Expected<bool> has_segment(uint64_t number);
  Expected<void> verify_segment(uint64_t number, const Part& part, uint32_t dim);

  // What follows needs the writer's lock.
  Expected<bool> read_changes();
  Expected<bool> read_changes_once();
  Expected<void> see_newest(const std::function<bool()>& finds_its_files);
  Expected<std::vector<OpenedLog>> open_logs(DiskUse use);
  Expected<Config> check_identity(const store::Manifest& manifest) const;
  Expected<void> acquire();
  Expected<void> keep_lock_locked();
  void release();
  void remove_superfluous();
  void remove_orphans(const store::Manifest& manifest, const std::vector<std::string>& files);
  Expected<void> check(const Draft& draft, const Transaction& transaction) const;
  static Expected<void> resolve_update(const RowRef& old, Operation& operation,
                                       std::deque<Buffer>& merged);
  Expected<WriteCounts> apply(Draft& draft, const Transaction& transaction,
                              std::vector<Buffer>& payloads);
  Expected<void> write_log(const std::vector<std::vector<Buffer>>& payloads, Durability durability);
  Expected<void> sync_log();
  Expected<void> start_log();
  Expected<void> freeze();
  void publish(State&& state);
  [[nodiscard]] store::Manifest manifest_of(const State& state) const;
  [[nodiscard]] uint32_t seal_threshold() const;
  [[nodiscard]] bool wants_seal() const;
  [[nodiscard]] bool has_unbuilt_segment() const;
  [[nodiscard]] std::optional<std::pair<size_t, size_t>> next_range() const;
  [[nodiscard]] Expected<State> replace_parts(const MaintenanceJob& job);
  Expected<void> install_locked(const MaintenanceJob& job);
  Expected<void> try_install(const MaintenanceJob& job);
  Expected<void> seal_without_graph(size_t first);
  [[nodiscard]] uint64_t most_head_bytes() const;
  [[nodiscard]] uint64_t free_head_bytes() const;
  [[nodiscard]] uint64_t first_log_after(size_t first, size_t last) const;
  [[nodiscard]] bool is_current(const MaintenanceJob& job) const;
  Expected<std::vector<SourceFile>> open_files();
  Expected<State> place_state(store::Vfs& source, const State& from, uint64_t first_log,
                              SnapshotCounts& counts);
  void remove_replaced(const State& before);

  std::shared_ptr<store::Vfs> vfs_;
  Metrics metrics_;
  std::deque<store::CountingVfs> disks_;  // vfs_ for each DiskUse
  const Config config_;
  const OpenOptions options_;
  const SegmentMemory memory_;

  mutable std::mutex view_mutex_;  // guards view_: held only to copy the pointer
  std::shared_ptr<const View> view_;

  std::mutex writer_mutex_;  // guards everything down to the next blank line
  std::unique_ptr<store::Lock> lock_;
  uint64_t index_ = 0;  // the manifest's
  State state_;
  LogProgress progress_;                     // without the lock: how far the log was read
  std::optional<store::ManifestMark> mark_;  // without the lock: of the manifest that was read
  std::unique_ptr<store::LogWriter> log_;    // opened by the first commit
  uint64_t next_file_number_ = 1;
  std::vector<std::string> failed_;       // segments that could not be installed
  std::vector<std::string> superfluous_;  // with the lock: files that were in use when last tried
  size_t busy_parts_ = 0;        // so many parts from the front may be in the job that runs
  uint64_t room_wanted_at_ = 0;  // make_room() waits for so many bytes of heads; 0: the usual
  bool unsynced_ = false;        // something in the log file is not known to be on the disk
  std::atomic<bool> sync_owed_{false};  // of it, something that is to be there soon
  bool closed_ = false;
  bool resume_ = false;   // maintenance was left undone
  bool resumed_ = false;  // the lock was taken for that alone
  std::optional<Error> failure_;

  std::atomic<bool> is_writer_{false};
  std::atomic<uint64_t> next_look_ns_{0};
  std::atomic<bool> optimize_requested_{false};
  std::atomic<bool> maintenance_idle_{true};
  std::atomic<uint32_t> maintenance_done_{0};
  std::atomic<uint32_t> maintenance_total_{0};
  std::mutex maintenance_error_mutex_;
  std::optional<Error> maintenance_error_;

  QueryPace query_pace_;
  ResultCache result_cache_;
};

}  // namespace quiver::engine
