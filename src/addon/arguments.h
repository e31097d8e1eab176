#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "addon/napi_setup.h"
#include "quiver.h"

namespace quiver::addon {

/// The bytes of a Uint8Array, Buffer or DataView, of this realm or another, where they are: valid
/// until JavaScript runs again. Anything else throws a TypeError that names the argument as `name`,
/// and returns nothing.
std::optional<std::span<uint8_t>> bytes_in_place(napi_env env, napi_value value, const char* name);

/// A copy of the bytes of a Uint8Array, Buffer or DataView, of this realm or another. Anything else
/// throws a TypeError that names the argument as `name`, and returns nothing.
std::optional<Buffer> bytes_argument(napi_env env, napi_value value, const char* name);

/// A folder's path: a string, not empty, without NUL. Anything else throws a TypeError and returns
/// nothing.
std::optional<std::string> folder_argument(napi_env env, napi_value value);

/// A Uint8Array on an ArrayBuffer of its own with a copy of `bytes` (memory of ours behind an
/// ArrayBuffer is refused by Electron). Null, with an exception pending, on failure.
napi_value to_js_bytes(napi_env env, Bytes bytes);

}  // namespace quiver::addon
