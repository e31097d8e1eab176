#pragma once

#include "addon/napi_setup.h"
#include "quiver.h"

namespace quiver::addon {

/// A JavaScript Error with `code` (the stable name), `message`, and `item` unless it is kNoItem.
/// Null, with an exception pending, when the environment is being torn down.
napi_value to_js_error(napi_env env, const Error& error);

/// Throws `error` into JavaScript, unless an exception is pending already.
void throw_js_error(napi_env env, const Error& error);

/// Throws a TypeError with code INVALID_ARGUMENT, unless an exception is pending already.
void throw_type_error(napi_env env, const char* message);

/// A Node-API callback that lets no C++ exception out: it becomes a JavaScript one.
template <napi_value (*body)(napi_env, napi_callback_info)>
napi_value guarded(napi_env env, napi_callback_info info) {
  try {
    return body(env, info);
  } catch (...) {
    throw_js_error(env, error_of_current_exception());
    return nullptr;
  }
}

}  // namespace quiver::addon
