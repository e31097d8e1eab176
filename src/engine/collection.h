#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "engine/config.h"
#include "engine/head.h"
#include "engine/histogram.h"
#include "engine/maintenance.h"
#include "engine/transaction.h"
#include "engine/view.h"
#include "store/lock.h"
#include "store/log.h"
#include "store/manifest.h"
#include "store/vfs.h"

namespace quiver::engine {

/// An open index: the one writer of its folder. It has no threads of its own.
///
/// Threads: any number may call `view` and what says so; `commit`, `install` and the other changes
/// lock each other out. Readers never wait for them.
///
/// How a write becomes durable: checked → head (not yet visible) → log, fsync → new view. When the
/// head is large, it is frozen, a new log file is begun, and a MaintenanceJob turns the frozen head
/// into a segment; `install` then replaces the manifest, which makes the old log files superfluous.
class Collection {
 public:
  /// Makes an empty index. INDEX_EXISTS if the folder holds one.
  static Expected<void> create(store::Vfs& vfs, const Config& config);

  /// Opens an index and recovers what the log holds beyond the segments.
  static Expected<std::shared_ptr<Collection>> open(std::shared_ptr<store::Vfs> vfs,
                                                    const OpenOptions& options);

  /// Removes an index's files. INDEX_NOT_FOUND if there is none, LOCKED if it is open.
  static Expected<void> destroy(store::Vfs& vfs);

  ~Collection();
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  [[nodiscard]] const Config& config() const { return config_; }

  /// The newest published state. Any thread.
  [[nodiscard]] std::shared_ptr<const View> view() const;

  /// Commits transactions in order with one fsync. Each gets its own result in `results`: a refused
  /// one changes nothing. After a failure to write the log every later commit fails: what is on the
  /// disk is then unknown, and only opening the index again tells.
  void commit(std::span<Transaction* const> transactions, std::span<Expected<WriteCounts>> results);

  /// Puts on the disk what `durability: 'async'` has acknowledged since the last time.
  Expected<void> sync();

  /// The next piece of background work, if there is any: sealing frozen heads, merging segments of
  /// like size or with many deleted rows, or what request_optimize() asked for. One job at a time.
  std::unique_ptr<MaintenanceJob> next_job();

  /// Puts the finished job's segment in place of the parts that it was made from.
  Expected<void> install(const MaintenanceJob& job);

  /// Asks for one segment without deleted rows.
  void request_optimize() { optimize_requested_ = true; }

  /// What stands in the statistics about background work. Any thread.
  void set_progress(bool idle, uint32_t done, uint32_t total);
  /// What the last piece of background work failed with; nothing once one succeeds.
  void set_maintenance_error(std::optional<Error> error);

  /// The msgpack map of docs/engine-messages.md. Any thread.
  [[nodiscard]] Expected<Buffer> statistics();

  /// Reads every file again and checks all that can be checked. Any thread.
  [[nodiscard]] Expected<Buffer> verify();

  /// Writes what is unwritten and releases the folder. Later commits fail with CLOSED.
  Expected<void> close();

  [[nodiscard]] store::Vfs& vfs() { return *vfs_; }

  Histogram& query_times() { return query_times_; }

 private:
  /// What the collection knows of a part beside what readers see, in the order of the view.
  struct PartState {
    uint64_t segment_number = 0;  ///< 0: a head
    uint64_t log_after = 0;       ///< of a frozen head: the log file begun when it was frozen
    uint64_t sequence_after = 0;  ///< that file's first sequence number
  };
  struct Draft;

  Collection(std::shared_ptr<store::Vfs> vfs, Config config, OpenOptions options);

  Expected<void> recover(const store::Manifest& manifest);
  Expected<void> replay(const store::Manifest& manifest, const std::vector<std::string>& files);
  void remove_orphans(const store::Manifest& manifest, const std::vector<std::string>& files);
  Expected<void> check(const Draft& draft, const Transaction& transaction) const;
  WriteCounts apply(Draft& draft, const Transaction& transaction, std::vector<Buffer>& payloads);
  Expected<void> write_log(const std::vector<std::vector<Buffer>>& payloads);
  Expected<void> start_log();
  Expected<void> freeze();
  void open_head(Draft& draft);
  void publish(Draft&& draft);
  Expected<void> write_manifest(const View& view, const std::vector<PartState>& states,
                                uint64_t first_log, uint64_t first_sequence);
  [[nodiscard]] uint32_t seal_threshold(uint32_t dim) const;
  [[nodiscard]] std::optional<std::pair<size_t, size_t>> next_range(const View& view) const;

  std::shared_ptr<store::Vfs> vfs_;
  Config config_;
  OpenOptions options_;
  std::unique_ptr<store::Lock> lock_;

  mutable std::mutex view_mutex_;  // guards view_: held only to copy the pointer
  std::shared_ptr<const View> view_;

  std::mutex writer_mutex_;  // guards everything down to the next blank line
  std::vector<PartState> states_;
  std::shared_ptr<Head> head_;             // the last part of the view
  std::unique_ptr<store::LogWriter> log_;  // opened by the first commit
  uint64_t next_file_number_ = 1;
  uint64_t next_sequence_ = 1;
  uint64_t first_log_ = 1;
  uint64_t first_sequence_ = 1;
  bool unsynced_ = false;
  bool closed_ = false;
  std::optional<Error> failure_;

  std::atomic<bool> optimize_requested_{false};
  std::atomic<bool> maintenance_idle_{true};
  std::atomic<uint32_t> maintenance_done_{0};
  std::atomic<uint32_t> maintenance_total_{0};
  std::mutex maintenance_error_mutex_;
  std::optional<Error> maintenance_error_;

  Histogram query_times_;
  Histogram commit_times_;
  std::atomic<uint64_t> items_inserted_{0};
  std::chrono::steady_clock::time_point opened_at_ = std::chrono::steady_clock::now();
};

}  // namespace quiver::engine
