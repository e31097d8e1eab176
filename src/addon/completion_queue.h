#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <variant>

#include "addon/napi_setup.h"
#include "quiver.h"

namespace quiver::addon {

class CompletionQueue;

/// What a call can end with besides an error: nothing, `exists`, a response, an opened session.
using Value = std::variant<std::monostate, bool, Buffer, std::shared_ptr<engine::AsyncSession>>;

/// One asynchronous call into the core. Made on the JavaScript thread, filled in and queued by
/// `finish` on a thread of the core, taken by the JavaScript thread again. It is allocated before
/// the call starts, so that finishing one cannot fail.
struct Call {
  /// Ends the call, exactly once, from any thread. The call may be gone when this returns.
  void finish(Expected<Value> result);

  std::shared_ptr<CompletionQueue> queue;
  napi_deferred deferred = nullptr;               // null: nobody waits for the outcome
  std::shared_ptr<engine::AsyncSession> session;  // kept alive until the call is freed
  Expected<Value> outcome = Value{};
  std::unique_ptr<Call> next;
};

/// Turns the core's completion of a `T` into the end of `call`.
template <typename T>
engine::Completion<T> finisher(Call* call) {
  return [call](Expected<T> result) {
    if (!result) {
      call->finish(std::move(result).error());
    } else if constexpr (std::is_void_v<T>) {
      call->finish(Value{});
    } else {
      call->finish(Value{std::move(result).value()});
    }
  };
}

/// The finished calls of one environment, in the order in which they finished.
///
/// Threads: `push` from any thread; the rest from the environment's JavaScript thread. It is shared
/// by the environment and its calls, because a core thread may still be inside `push` when the
/// JavaScript thread has seen the last call arrive.
class CompletionQueue {
 public:
  explicit CompletionQueue(napi_threadsafe_function wake) : wake_(wake) {}
  CompletionQueue(const CompletionQueue&) = delete;
  CompletionQueue& operator=(const CompletionQueue&) = delete;

  /// A call that the queue now expects to be pushed.
  std::unique_ptr<Call> expect(std::shared_ptr<CompletionQueue> self) {
    auto call = std::make_unique<Call>();
    call->queue = std::move(self);
    ++expected_;
    return call;
  }

  /// Adds a finished call. Wakes the JavaScript thread only if the queue was empty: one wake-up
  /// then delivers everything that arrives before it runs.
  void push(std::unique_ptr<Call> call);

  /// Everything in the queue, linked by `next`; null if it is empty.
  std::unique_ptr<Call> take_all();

  /// Never wakes the JavaScript thread again.
  void stop_waking();

  /// Blocks until every expected call has been pushed.
  void wait_for_all();

 private:
  size_t expected_ = 0;  // of the JavaScript thread alone

  std::mutex mutex_;  // guards what follows
  std::condition_variable all_pushed_;
  napi_threadsafe_function wake_;
  std::unique_ptr<Call> first_;
  Call* last_ = nullptr;
  size_t pushed_ = 0;
};

}  // namespace quiver::addon
