#include "addon/session_wrap.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "addon/arguments.h"
#include "addon/errors.h"

namespace quiver::addon {

namespace {

/// Does nothing: what makes an object a Session is the handle that new_session_object gives it, so
/// an object that a script makes with `new session.constructor()` has methods that throw.
napi_value construct(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &self, nullptr);
  return self;
}

/// `this` of a method and its first argument.
struct MethodCall {
  SessionHandle* handle = nullptr;  // null: a TypeError is pending
  napi_value argument = nullptr;
};

MethodCall method_call(napi_env env, napi_callback_info info) {
  MethodCall call;
  size_t count = 1;
  napi_value self = nullptr;
  void* environment = nullptr;
  if (napi_get_cb_info(env, info, &count, &call.argument, &self, &environment) != napi_ok) {
    return call;
  }
  // With another `this` the pointer may be anything, or a stranger's.
  void* wrapped = nullptr;
  if (napi_unwrap(env, self, &wrapped) == napi_ok) {
    call.handle = static_cast<Environment*>(environment)->find(wrapped);
  }
  if (call.handle == nullptr) {
    throw_type_error(env, "the method was called on something that is not a Session");
  }
  return call;
}

napi_value read(napi_env env, napi_callback_info info) {
  const MethodCall method = method_call(env, info);
  if (method.handle == nullptr) return nullptr;
  std::optional<Buffer> request = bytes_argument(env, method.argument, "request");
  if (!request) return nullptr;
  return method.handle->environment->call([&](Call* call) {
    method.handle->session->read(std::move(*request), finisher<Buffer>(call));
  });
}

/// Puts the response where the request was and returns its length; one that is too long for that is
/// returned itself.
napi_value answer_in(napi_env env, std::span<uint8_t> room, const Expected<Buffer>& response) {
  napi_value result = nullptr;
  if (!response) {
    if (const napi_value error = to_js_error(env, response.error()); error != nullptr) {
      napi_throw(env, error);
    }
  } else if (response->size() > room.size()) {
    result = to_js_bytes(env, *response);
  } else {
    std::copy(response->begin(), response->end(), room.begin());
    napi_create_uint32(env, static_cast<uint32_t>(response->size()), &result);
  }
  return result;
}

/// To change threads twice takes longer than most queries.
napi_value read_now(napi_env env, napi_callback_info info) {
  const MethodCall method = method_call(env, info);
  if (method.handle == nullptr) return nullptr;
  const auto room = bytes_in_place(env, method.argument, "room");
  if (!room) return nullptr;
  constexpr std::chrono::nanoseconds kShort = std::chrono::microseconds(200);
  const auto response = method.handle->session->read_if_short(*room, kShort);
  if (!response) return nullptr;
  return answer_in(env, *room, *response);
}

napi_value read_sync(napi_env env, napi_callback_info info) {
  const MethodCall method = method_call(env, info);
  if (method.handle == nullptr) return nullptr;
  const auto room = bytes_in_place(env, method.argument, "room");
  if (!room) return nullptr;
  return answer_in(env, *room, method.handle->session->read_here(*room));
}

napi_value write(napi_env env, napi_callback_info info) {
  const MethodCall method = method_call(env, info);
  if (method.handle == nullptr) return nullptr;
  std::optional<Buffer> request = bytes_argument(env, method.argument, "request");
  if (!request) return nullptr;
  return method.handle->environment->call([&](Call* call) {
    method.handle->session->write(std::move(*request), finisher<Buffer>(call));
  });
}

napi_value close(napi_env env, napi_callback_info info) {
  const MethodCall method = method_call(env, info);
  if (method.handle == nullptr) return nullptr;
  return method.handle->environment->call([&](Call* call) {
    call->session = method.handle->session;
    call->session->close(finisher<void>(call));
  });
}

void on_collected(napi_env, void* data, void*) {
  const std::unique_ptr<SessionHandle> handle(static_cast<SessionHandle*>(data));
  if (handle->environment != nullptr) handle->environment->remove(handle.get());
}

napi_property_descriptor method(const char* name, napi_callback callback,
                                Environment& environment) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_method, &environment};
}

}  // namespace

void define_session_class(Environment& environment) {
  const napi_env env = environment.env();
  const std::array methods{
      method("read", guarded<read>, environment),
      method("readNow", guarded<read_now>, environment),
      method("readSync", guarded<read_sync>, environment),
      method("write", guarded<write>, environment),
      method("close", guarded<close>, environment),
  };
  napi_value session_class = nullptr;
  napi_ref reference = nullptr;
  if (napi_define_class(env, "Session", NAPI_AUTO_LENGTH, construct, nullptr, methods.size(),
                        methods.data(), &session_class) != napi_ok ||
      napi_create_reference(env, session_class, 1, &reference) != napi_ok) {
    throw Napi::Error::New(env, "quiver: cannot define the class Session");
  }
  environment.set_session_class(reference);
}

napi_value new_session_object(Environment& environment,
                              std::shared_ptr<engine::AsyncSession> session) {
  const napi_env env = environment.env();
  auto handle = std::make_unique<SessionHandle>(SessionHandle{&environment, std::move(session)});
  environment.add(handle.get());
  napi_value session_class = nullptr;
  napi_value object = nullptr;
  if (napi_get_reference_value(env, environment.session_class(), &session_class) != napi_ok ||
      napi_new_instance(env, session_class, 0, nullptr, &object) != napi_ok ||
      napi_wrap(env, object, handle.get(), on_collected, nullptr, nullptr) != napi_ok) {
    environment.remove(handle.get());
    return nullptr;
  }
  handle.release();  // on_collected frees it
  return object;
}

}  // namespace quiver::addon
