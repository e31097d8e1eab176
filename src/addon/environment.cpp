#include "addon/environment.h"

#include <mutex>

#include "addon/arguments.h"
#include "addon/session_wrap.h"

namespace quiver::addon {

namespace {

/// Counts the environments of the process, so that the last one stops the core's threads. Both
/// steps hold the lock while the core's threads stop: an environment that starts meanwhile waits.
std::mutex environments_mutex;  // not constinit: not every library on Windows can
constinit size_t environments_count = 0;

void enter_process() {
  const std::lock_guard lock(environments_mutex);
  ++environments_count;
}

void leave_process() {
  const std::lock_guard lock(environments_mutex);
  if (--environments_count == 0) engine::shutdown_threads();
}

}  // namespace

Environment& Environment::install(Napi::Env env) {
  std::unique_ptr<Environment> owned(new Environment(env));
  Environment& self = *owned;

  const Napi::String name = Napi::String::New(env, "quiver");
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, &self,
                                      on_wake, &self.wake_) != napi_ok) {
    throw Napi::Error::New(env, "quiver: cannot create the thread-safe function");
  }
  napi_unref_threadsafe_function(env, self.wake_);
  self.queue_ = std::make_shared<CompletionQueue>(self.wake_);

  enter_process();
  // Hooks run in reverse order: this one before that of the thread-safe function above.
  env.AddCleanupHook([](Environment* environment) { environment->tear_down(); }, &self);
  env.SetInstanceData(owned.release());
  return self;
}

Call* Environment::begin_call(napi_value* promise) {
  std::unique_ptr<Call> call = queue_->expect(queue_);
  if (napi_create_promise(env_, &call->deferred, promise) != napi_ok) {
    call->deferred = nullptr;
    call.release()->finish(Value{});  // balances `expect`
    return nullptr;
  }
  if (promises_++ == 0) napi_ref_threadsafe_function(env_, wake_);
  return call.release();
}

void Environment::on_wake(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the function is closing: tear_down has taken everything
  auto& self = *static_cast<Environment*>(context);
  std::unique_ptr<Call> call = self.queue_->take_all();
  while (call != nullptr) {
    napi_handle_scope scope = nullptr;
    napi_open_handle_scope(env, &scope);
    self.deliver(*call);
    napi_close_handle_scope(env, scope);
    call = std::move(call->next);
  }
}

void Environment::deliver(Call& call) {
  if (call.deferred == nullptr) return;
  if (--promises_ == 0) napi_unref_threadsafe_function(env_, wake_);

  napi_value result = call.outcome ? to_js(std::move(*call.outcome)) : nullptr;
  if (result != nullptr) {
    napi_resolve_deferred(env_, call.deferred, result);
    return;
  }
  if (call.outcome) {
    // V8 refused the result: its own exception is the reason, unless JavaScript is being stopped.
    if (napi_get_and_clear_last_exception(env_, &result) != napi_ok) return;
  } else {
    result = to_js_error(env_, call.outcome.error());
  }
  if (result != nullptr) napi_reject_deferred(env_, call.deferred, result);
}

napi_value Environment::to_js(Value value) {
  napi_value result = nullptr;
  if (const bool* flag = std::get_if<bool>(&value)) {
    napi_get_boolean(env_, *flag, &result);
  } else if (const Buffer* bytes = std::get_if<Buffer>(&value)) {
    result = to_js_bytes(env_, *bytes);
  } else if (auto* session = std::get_if<std::shared_ptr<engine::AsyncSession>>(&value)) {
    result = new_session_object(*this, std::move(*session));
  } else {
    napi_get_undefined(env_, &result);
  }
  return result;
}

void Environment::remove(SessionHandle* handle) {
  handles_.erase(handle);
  if (handle->session != nullptr) close_in_background(std::move(handle->session));
}

void Environment::close_in_background(std::shared_ptr<engine::AsyncSession> session) {
  Call* call = queue_->expect(queue_).release();
  call->session = std::move(session);
  try {
    call->session->close(finisher<void>(call));
  } catch (...) {
    call->finish(error_of_current_exception());
  }
}

void Environment::tear_down() {
  queue_->stop_waking();
  for (SessionHandle* handle : handles_) {
    handle->environment = nullptr;  // its finalizer may run after this object is gone
    close_in_background(std::move(handle->session));
  }
  handles_.clear();

  // Promises that are still open stay so: JavaScript runs no more, and Node-API then has no way to
  // free a napi_deferred (8 bytes each). A session whose `open` ends only now is closed in another
  // round.
  for (bool again = true; again;) {
    again = false;
    queue_->wait_for_all();
    for (std::unique_ptr<Call> call = queue_->take_all(); call != nullptr;
         call = std::move(call->next)) {
      if (!call->outcome) continue;
      if (auto* session = std::get_if<std::shared_ptr<engine::AsyncSession>>(&*call->outcome)) {
        close_in_background(std::move(*session));
        again = true;
      }
    }
  }

  napi_release_threadsafe_function(wake_, napi_tsfn_abort);
  if (session_class_ != nullptr) napi_delete_reference(env_, session_class_);
  leave_process();
}

}  // namespace quiver::addon
