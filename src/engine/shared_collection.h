#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "engine/collection.h"
#include "engine/session.h"

namespace quiver::engine {

/// A collection with the two threads that serve it: one writes, in the order of the calls and with
/// one fsync for all that wait; one, of low priority, seals and merges with the help of the other
/// cores. All sessions of a process on one folder share it.
class SharedCollection {
 public:
  /// The collection of the folder that the Vfs is rooted in, opened if this process has not got it
  /// open. What of `options` is not a session's own is taken from whoever opens it first.
  static Expected<std::shared_ptr<SharedCollection>> open(const std::string& key,
                                                          std::shared_ptr<store::Vfs> vfs,
                                                          const OpenOptions& options);
  ~SharedCollection();
  SharedCollection(const SharedCollection&) = delete;
  SharedCollection& operator=(const SharedCollection&) = delete;

  [[nodiscard]] const std::shared_ptr<Collection>& collection() const { return collection_; }

  /// Queues a write request; `done` runs on the writing thread. The session is kept alive until
  /// then.
  void write(std::shared_ptr<Session> session, Buffer request,
             std::function<void(Expected<Buffer>)> done);

 private:
  struct PendingWrite {
    std::shared_ptr<Session> session;
    Buffer request;
    std::function<void(Expected<Buffer>)> done;
    std::chrono::steady_clock::time_point arrived_at = std::chrono::steady_clock::now();
  };

  explicit SharedCollection(std::shared_ptr<Collection> collection);
  void write_loop();
  [[nodiscard]] std::chrono::milliseconds look_interval() const;
  void look_after_lock_and_log();
  void maintenance_loop();
  bool run_next_job();
  Expected<bool> try_next_job();
  Expected<void> run(MaintenanceJob& job);

  std::shared_ptr<Collection> collection_;

  std::mutex mutex_;  // guards the next four
  std::condition_variable write_wake_;
  std::condition_variable maintenance_wake_;
  std::deque<PendingWrite> writes_;
  bool work_expected_ = true;

  std::atomic<bool> stopping_{false};
  std::thread writer_;
  std::thread maintenance_;
};

}  // namespace quiver::engine
