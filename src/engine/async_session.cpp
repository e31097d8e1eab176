#include "engine/async_session.h"

#include <filesystem>
#include <mutex>
#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "engine/config.h"
#include "engine/session.h"
#include "engine/shared_collection.h"
#include "store/vfs_native.h"

namespace quiver::engine {
namespace {

/// The pool that reads run on: started at the first call, joined by shutdown_threads().
struct SharedPool {
  std::mutex mutex;
  std::shared_ptr<ThreadPool> pool;
};

SharedPool& shared_pool() {
  // Never destroyed: at process exit its threads may still run.
  static SharedPool& instance = *new SharedPool();
  return instance;
}

/// The same folder by whatever path it is called.
std::string folder_key(const std::string& folder) {
  std::error_code failure;
  // As UTF-8: on Windows a path of plain chars is in the system's code page.
  const std::filesystem::path named(std::u8string(folder.begin(), folder.end()));
  const auto path = std::filesystem::weakly_canonical(named, failure);
  if (failure) return folder;
  const std::u8string key = path.u8string();
  return {key.begin(), key.end()};
}

class PooledSession final : public AsyncSession {
 public:
  PooledSession(std::shared_ptr<SharedCollection> shared, const OpenOptions& options)
      : shared_(std::move(shared)),
        session_(std::make_shared<Session>(shared_->collection(), options, store::native_vfs)) {}

  ~PooledSession() override {
    // Closing joins the writing thread, which may be the one that drops the last reference.
    if (shared_) run_in_background([shared = std::move(shared_)] {});
  }

  void read(Buffer request, Completion<Buffer> done) override {
    if (!begin_call()) return done(closed());
    run_in_background([self = self(), request = std::move(request), done = std::move(done)] {
      auto response = self->session_->read(request);
      self->end_call();
      done(std::move(response));
    });
  }

  Expected<Buffer> read_here(Bytes request) override {
    if (!begin_call()) return closed();
    auto response = session_->read(request);
    end_call();
    return response;
  }

  std::optional<Expected<Buffer>> read_if_short(Bytes request,
                                                std::chrono::nanoseconds most) override {
    if (!begin_call()) return closed();
    auto response = session_->read_if_short(request, most);
    end_call();
    return response;
  }

  void write(Buffer request, Completion<Buffer> done) override {
    if (!begin_call()) return done(closed());
    shared_->write(session_, std::move(request),
                   [self = self(), done = std::move(done)](Expected<Buffer> response) {
                     self->end_call();
                     done(std::move(response));
                   });
  }

  void close(Completion<void> done) override {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    waiting_.push_back(std::move(done));
    if (calls_ == 0) finish_close();
  }

 private:
  static Error closed() { return Error{Code::kClosed, "The index is closed"}; }

  std::shared_ptr<PooledSession> self() {
    return std::static_pointer_cast<PooledSession>(shared_from_this());
  }

  bool begin_call() {
    const std::lock_guard lock(mutex_);
    if (closing_) return false;
    ++calls_;
    return true;
  }

  void end_call() {
    const std::lock_guard lock(mutex_);
    --calls_;
    if (closing_ && calls_ == 0) finish_close();
  }

  /// Needs the lock, and no call in flight. If this was the folder's last session, the collection
  /// is closed when the completions run.
  void finish_close() {
    run_in_background([self = self(), waiting = std::exchange(waiting_, {})] {
      std::shared_ptr<SharedCollection> shared;
      {
        const std::lock_guard lock(self->mutex_);
        shared = std::move(self->shared_);
        self->session_.reset();
      }
      shared.reset();
      for (const Completion<void>& done : waiting) done({});
    });
  }

  std::mutex mutex_;  // guards the next three; the last two change only when no call is in flight
  size_t calls_ = 0;
  bool closing_ = false;
  std::vector<Completion<void>> waiting_;
  std::shared_ptr<SharedCollection> shared_;
  std::shared_ptr<Session> session_;
};

}  // namespace

void AsyncSession::open(std::string folder, Buffer options,
                        Completion<std::shared_ptr<AsyncSession>> done) {
  run_in_background([folder = std::move(folder), options = std::move(options),
                     done = std::move(done)]() mutable {
    const auto decoded = decode_open_options(options);
    if (!decoded) return done(decoded.error());
    auto shared = SharedCollection::open(folder_key(folder), store::native_vfs(folder), *decoded);
    if (!shared) return done(shared.error());
    done(std::shared_ptr<AsyncSession>(
        std::make_shared<PooledSession>(std::move(*shared), *decoded)));
  });
}

void run_in_background(std::function<void()> task) {
  SharedPool& shared = shared_pool();
  const std::lock_guard lock(shared.mutex);
  if (!shared.pool) shared.pool = std::make_shared<ThreadPool>(hardware_threads());
  shared.pool->run(std::move(task));
}

void shutdown_threads() {
  SharedPool& shared = shared_pool();
  std::shared_ptr<ThreadPool> pool;
  {
    const std::lock_guard lock(shared.mutex);
    pool = std::move(shared.pool);
  }
  pool.reset();
}

}  // namespace quiver::engine
