#include "addon/arguments.h"

#include <cstring>

#include "addon/errors.h"

namespace quiver::addon {

namespace {

/// The bytes of `value` where V8 keeps them, valid until JavaScript runs again.
std::optional<std::span<uint8_t>> view_bytes(napi_env env, napi_value value) {
  // Node-API asks V8 for the object's kind; `instanceof` would fail for objects of another realm
  // (Jest runs each test file in one).
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type = napi_int8_array;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) == napi_ok) {
    if (type != napi_uint8_array) return std::nullopt;
  } else if (napi_get_dataview_info(env, value, &length, &data, nullptr, nullptr) != napi_ok) {
    return std::nullopt;
  }
  // The pointer of an empty or detached view means nothing.
  if (length == 0) return std::span<uint8_t>{};
  return std::span<uint8_t>{static_cast<uint8_t*>(data), length};
}

}  // namespace

std::optional<std::span<uint8_t>> bytes_in_place(napi_env env, napi_value value, const char* name) {
  const auto bytes = view_bytes(env, value);
  if (!bytes) throw_type_error(env, (std::string(name) + " must be a Uint8Array").c_str());
  return bytes;
}

std::optional<Buffer> bytes_argument(napi_env env, napi_value value, const char* name) {
  const auto bytes = bytes_in_place(env, value, name);
  if (!bytes) return std::nullopt;
  return Buffer(bytes->begin(), bytes->end());
}

std::optional<std::string> folder_argument(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
    throw_type_error(env, "folder must be a string");
    return std::nullopt;
  }
  std::string folder(length, '\0');
  // Node-API writes a NUL behind the text; std::string has the room for it.
  if (napi_get_value_string_utf8(env, value, folder.data(), length + 1, &length) != napi_ok) {
    throw_type_error(env, "folder must be a string");
    return std::nullopt;
  }
  folder.resize(length);
  if (folder.empty() || folder.find('\0') != std::string::npos) {
    throw_type_error(env, "folder must be a path: not empty, without NUL characters");
    return std::nullopt;
  }
  return folder;
}

napi_value to_js_bytes(napi_env env, Bytes bytes) {
  void* data = nullptr;
  napi_value array_buffer = nullptr;
  napi_value result = nullptr;
  if (napi_create_arraybuffer(env, bytes.size(), &data, &array_buffer) != napi_ok) return nullptr;
  if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
  if (napi_create_typedarray(env, napi_uint8_array, bytes.size(), array_buffer, 0, &result) !=
      napi_ok) {
    return nullptr;
  }
  return result;
}

}  // namespace quiver::addon
