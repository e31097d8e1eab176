#include "addon/session_wrap.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "addon/arguments.h"
#include "addon/errors.h"

namespace quiver::addon {

namespace {

/// Marks the objects that wrap a SessionHandle, so that a method called with another `this` cannot
/// read a stranger's memory.
constexpr napi_type_tag kSessionTag = {0x9d3b60f1c2a74e85, 0xb1f0467d5ce82a39};

/// Does nothing: what makes an object a Session is the tag that new_session_object gives it, so an
/// object that a script makes with `new session.constructor()` has methods that throw.
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
  if (napi_get_cb_info(env, info, &count, &call.argument, &self, nullptr) != napi_ok) return call;
  napi_valuetype type = napi_undefined;
  bool tagged = false;
  void* handle = nullptr;
  if (napi_typeof(env, self, &type) != napi_ok || type != napi_object ||
      napi_check_object_type_tag(env, self, &kSessionTag, &tagged) != napi_ok || !tagged ||
      napi_unwrap(env, self, &handle) != napi_ok) {
    throw_type_error(env, "the method was called on something that is not a Session");
    return call;
  }
  call.handle = static_cast<SessionHandle*>(handle);
  return call;
}

/// The bytes of the response at once if they are to be had in a moment, else a promise of them: to
/// change threads twice takes longer than most queries.
napi_value read(napi_env env, napi_callback_info info) {
  const MethodCall method = method_call(env, info);
  if (method.handle == nullptr) return nullptr;
  const std::optional<Bytes> request = bytes_in_place(env, method.argument, "request");
  if (!request) return nullptr;
  constexpr std::chrono::nanoseconds kShort = std::chrono::microseconds(200);
  Environment& environment = *method.handle->environment;
  const std::chrono::nanoseconds most = std::min(kShort, environment.time_for_short_reads());
  const auto start = std::chrono::steady_clock::now();
  if (const auto response = method.handle->session->read_if_short(*request, most)) {
    environment.take_time(std::chrono::steady_clock::now() - start);
    if (*response) return to_js_bytes(env, **response);
    return environment.call([&](Call* call) { finisher<Buffer>(call)(*response); });
  }
  return environment.call([&](Call* call) {
    method.handle->session->read(Buffer(request->begin(), request->end()), finisher<Buffer>(call));
  });
}

napi_value read_sync(napi_env env, napi_callback_info info) {
  const MethodCall method = method_call(env, info);
  if (method.handle == nullptr) return nullptr;
  const std::optional<Bytes> request = bytes_in_place(env, method.argument, "request");
  if (!request) return nullptr;
  const Expected<Buffer> response = method.handle->session->read_here(*request);
  if (response) return to_js_bytes(env, *response);
  if (const napi_value error = to_js_error(env, response.error()); error != nullptr) {
    napi_throw(env, error);
  }
  return nullptr;
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

napi_property_descriptor method(const char* name, napi_callback callback) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

}  // namespace

void define_session_class(Environment& environment) {
  const napi_env env = environment.env();
  const std::array methods{
      method("read", guarded<read>),
      method("readSync", guarded<read_sync>),
      method("write", guarded<write>),
      method("close", guarded<close>),
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
      napi_type_tag_object(env, object, &kSessionTag) != napi_ok ||
      napi_wrap(env, object, handle.get(), on_collected, nullptr, nullptr) != napi_ok) {
    environment.remove(handle.get());
    return nullptr;
  }
  handle.release();  // on_collected frees it
  return object;
}

}  // namespace quiver::addon
