#include "engine/async_session.h"

#include <filesystem>
#include <mutex>
#include <utility>
#include <vector>

#include "base/exception.h"
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

/// What `work` returns, or the error that an exception becomes.
template <typename Result, typename Work>
Result caught(const Work& work) {
  try {
    return work();
  } catch (...) {
    return error_of_current_exception();
  }
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
    auto call = std::make_shared<Call>(self());
    if (!call->is_in_flight()) return done(closed());
    call->metrics().reads_waiting.enter();
    run_in_background(
        [call = std::move(call), request = std::move(request), done = std::move(done)] {
          call->metrics().reads_waiting.leave();
          auto response = caught<Expected<Buffer>>([&] { return call->session().read(request); });
          call->end();
          done(std::move(response));
        });
  }

  Expected<Buffer> read_here(Bytes request) override {
    const Call call(self());
    if (!call.is_in_flight()) return closed();
    return caught<Expected<Buffer>>([&] { return call.session().read(request); });
  }

  std::optional<Expected<Buffer>> read_if_short(Bytes request,
                                                std::chrono::nanoseconds most) override {
    const Call call(self());
    if (!call.is_in_flight()) return closed();
    return caught<std::optional<Expected<Buffer>>>(
        [&] { return call.session().read_if_short(request, most); });
  }

  void write(Buffer request, Completion<Buffer> done) override {
    auto call = std::make_shared<Call>(self());
    if (!call->is_in_flight()) return done(closed());
    shared_->write(session_, std::move(request),
                   [call = std::move(call), done = std::move(done)](Expected<Buffer> response) {
                     call->end();
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
  /// A call in flight, which keeps the session. It ends at the latest when this does.
  class Call {
   public:
    explicit Call(std::shared_ptr<PooledSession> session)
        : session_(std::move(session)), is_in_flight_(session_->begin_call()) {}
    ~Call() { end(); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    /// False from the beginning where the session is closed.
    [[nodiscard]] bool is_in_flight() const { return is_in_flight_; }
    [[nodiscard]] Session& session() const { return *session_->session_; }
    [[nodiscard]] Metrics& metrics() const { return session().collection()->metrics(); }
    /// Lets go of the session too: who has the answer may stop the threads once he has dropped it.
    void end() {
      if (std::exchange(is_in_flight_, false)) session_->end_call();
      session_.reset();
    }

   private:
    std::shared_ptr<PooledSession> session_;
    bool is_in_flight_;
  };

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
                     done = std::move(done)] {
    using Opened = Expected<std::shared_ptr<AsyncSession>>;
    done(caught<Opened>([&]() -> Opened {
      const auto decoded = decode_open_options(options);
      if (!decoded) return decoded.error();
      auto shared = SharedCollection::open(folder_key(folder), store::native_vfs(folder), *decoded);
      if (!shared) return shared.error();
      return std::shared_ptr<AsyncSession>(
          std::make_shared<PooledSession>(std::move(*shared), *decoded));
    }));
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
  while (true) {
    std::shared_ptr<ThreadPool> pool;
    {
      const std::lock_guard lock(shared.mutex);
      pool = std::move(shared.pool);
    }
    if (!pool) return;
    pool.reset();  // what it runs to its end may have started another
  }
}

}  // namespace quiver::engine
