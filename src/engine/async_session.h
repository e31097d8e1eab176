#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "store/vfs.h"

namespace quiver::engine {

/// What every asynchronous call ends with: called exactly once, on one of the core's own threads.
template <typename T>
using Completion = std::function<void(Expected<T>)>;

/// A Session whose work runs on the core's threads, for hosts that have them. Reads run on a pool
/// shared by the process; writes of all sessions on one folder pass through one writer thread in
/// the order of the calls and share fsyncs; a low-priority thread seals and merges segments.
///
/// Sessions of one process on the same folder share one collection, so worker threads can open the
/// same index; other processes may read it meanwhile.
///
/// Threads: every method may be called from any thread and returns at once. Completions must not
/// block. Dropping the last reference closes the session after the calls made before.
class AsyncSession : public std::enable_shared_from_this<AsyncSession> {
 public:
  virtual ~AsyncSession() = default;

  /// Opens the index in `folder` (`options`: see docs/engine-messages.md).
  static void open(std::string folder, Buffer options,
                   Completion<std::shared_ptr<AsyncSession>> done);

  virtual void read(Buffer request, Completion<Buffer> done) = 0;

  /// Answers a read request on the calling thread, however long it takes.
  virtual Expected<Buffer> read_here(Bytes request) = 0;
  /// The same if it is likely to take at most `most` (Session::read_if_short).
  virtual std::optional<Expected<Buffer>> read_if_short(Bytes request,
                                                        std::chrono::nanoseconds most) = 0;

  virtual void write(Buffer request, Completion<Buffer> done) = 0;

  /// Refuses later calls with CLOSED, waits for earlier ones, stops background work, releases the
  /// folder if this was its last session. Closing twice is no error.
  virtual void close(Completion<void> done) = 0;
};

/// Runs `task` on the core's thread pool (for the few calls that need no session).
void run_in_background(std::function<void()> task);

/// Joins every thread of the core. The last user of the core calls it once no call is in flight and
/// no session is left, so that the library can be unloaded; a later call starts the threads again.
void shutdown_threads();

}  // namespace quiver::engine
