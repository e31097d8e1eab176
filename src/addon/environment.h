#pragma once

#include <memory>
#include <unordered_set>
#include <utility>

#include "addon/completion_queue.h"
#include "addon/errors.h"
#include "addon/napi_setup.h"
#include "quiver.h"

namespace quiver::addon {

struct SessionHandle;

/// What the addon keeps for one JavaScript environment (the main thread's or a worker's): its calls
/// in flight, its open sessions, and the Session class. Environments share nothing but the core.
///
/// Threads: the environment's JavaScript thread only.
class Environment {
 public:
  /// Makes the environment's data. It lives until the environment is gone; the sessions in it are
  /// closed and its calls waited for when the environment is torn down.
  static Environment& install(Napi::Env env);

  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// Makes a promise and calls `start(Call*)`, which has the core end the call sooner or later.
  /// The promise keeps the event loop alive until then. Null when JavaScript may no longer run.
  template <typename Start>
  napi_value call(Start&& start) {
    napi_value promise = nullptr;
    Call* started = begin_call(&promise);
    if (started == nullptr) return nullptr;
    try {
      std::forward<Start>(start)(started);
    } catch (...) {
      started->finish(error_of_current_exception());
    }
    return promise;
  }

  /// The class whose instances `open` resolves with. Takes the reference over.
  void set_session_class(napi_ref session_class) { session_class_ = session_class; }
  [[nodiscard]] napi_ref session_class() const { return session_class_; }

  /// Every handle that JavaScript holds is registered from its creation to its collection.
  void add(SessionHandle* handle) { handles_.insert(handle); }

  /// The handle at that address; null if there is none.
  [[nodiscard]] SessionHandle* find(void* handle) const {
    const auto found = handles_.find(static_cast<SessionHandle*>(handle));
    return found == handles_.end() ? nullptr : *found;
  }

  /// JavaScript has dropped the handle: closes its session in the background.
  void remove(SessionHandle* handle);

  [[nodiscard]] napi_env env() const { return env_; }

 private:
  explicit Environment(napi_env env) : env_(env) {}

  /// Runs on the JavaScript thread when calls have finished.
  static void on_wake(napi_env env, napi_value, void* context, void*);

  /// A call with its promise, or null.
  Call* begin_call(napi_value* promise);
  void deliver(Call& call);
  napi_value to_js(Value value);

  void close_in_background(std::shared_ptr<engine::AsyncSession> session);
  void tear_down();

  napi_env env_;
  napi_threadsafe_function wake_ = nullptr;
  std::shared_ptr<CompletionQueue> queue_;
  size_t promises_ = 0;  // not yet settled
  std::unordered_set<SessionHandle*> handles_;
  napi_ref session_class_ = nullptr;  // owned
};

}  // namespace quiver::addon
