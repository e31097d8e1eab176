#include "addon/errors.h"

#include <string_view>

namespace quiver::addon {

namespace {

napi_value to_js_string(napi_env env, std::string_view text) {
  napi_value result = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

bool exception_pending(napi_env env) {
  bool pending = false;
  return napi_is_exception_pending(env, &pending) != napi_ok || pending;
}

}  // namespace

napi_value to_js_error(napi_env env, const Error& error) {
  napi_value code = to_js_string(env, code_name(error.code));
  napi_value message = to_js_string(env, error.message);
  napi_value result = nullptr;
  if (code == nullptr || message == nullptr ||
      napi_create_error(env, code, message, &result) != napi_ok) {
    return nullptr;
  }
  if (error.item != kNoItem) {
    napi_value item = nullptr;
    if (napi_create_uint32(env, error.item, &item) != napi_ok ||
        napi_set_named_property(env, result, "item", item) != napi_ok) {
      return nullptr;
    }
  }
  return result;
}

void throw_js_error(napi_env env, const Error& error) {
  if (exception_pending(env)) return;
  if (napi_value js_error = to_js_error(env, error)) napi_throw(env, js_error);
}

void throw_type_error(napi_env env, const char* message) {
  if (exception_pending(env)) return;
  napi_throw_type_error(env, code_name(Code::kInvalidArgument).data(), message);
}

}  // namespace quiver::addon
