#include "addon/completion_queue.h"

namespace quiver::addon {

void Call::finish(Expected<Value> result) {
  outcome = std::move(result);
  const std::shared_ptr<CompletionQueue> target = queue;  // outlives the call inside `push`
  target->push(std::unique_ptr<Call>(this));
}

void CompletionQueue::push(std::unique_ptr<Call> call) {
  const std::lock_guard lock(mutex_);
  Call* added = call.get();
  const bool was_empty = first_ == nullptr;
  (was_empty ? first_ : last_->next) = std::move(call);
  last_ = added;
  ++pushed_;
  // Under the lock, so that the function cannot be released in between.
  if (was_empty && wake_ != nullptr) {
    napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
  }
  all_pushed_.notify_one();
}

std::unique_ptr<Call> CompletionQueue::take_all() {
  const std::lock_guard lock(mutex_);
  last_ = nullptr;
  return std::move(first_);
}

void CompletionQueue::stop_waking() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

void CompletionQueue::wait_for_all() {
  std::unique_lock lock(mutex_);
  all_pushed_.wait(lock, [this] { return pushed_ == expected_; });
}

}  // namespace quiver::addon
