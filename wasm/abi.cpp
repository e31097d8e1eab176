// The flat functions that js/ calls: bytes in, bytes out, nothing else. See wasm/README.md.

#include <emscripten/emscripten.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "quiver.h"
#include "vfs_host.h"

namespace quiver::wasm {
namespace {

/// What the module keeps between calls: the open sessions and the outcome of the last call. The ABI
/// is a C interface without an object to hang this on, and the module has one thread.
struct Runtime {
  std::map<uint32_t, std::unique_ptr<engine::Session>> sessions;
  uint32_t next_handle = 1;
  Buffer result;
  Error error;
};

Runtime& runtime() {
  static Runtime instance;
  return instance;
}

int32_t fail(Error error) {
  runtime().error = std::move(error);
  return 1;
}

int32_t fail(Code code, const char* message) noexcept {
  try {
    return fail(Error{code, message});
  } catch (...) {
    // Not even the message fits: the code alone then says what happened.
    runtime().error.code = code;
    runtime().error.message.clear();
    runtime().error.item = kNoItem;
    return 1;
  }
}

/// Runs one entry point. No exception passes into JavaScript, where it would be an opaque object.
/// `body` returns Expected<Buffer>, whose value becomes the result.
template <typename Body>
int32_t guarded(Body body) noexcept {
  runtime().result = Buffer{};
  runtime().error = Error{};
  try {
    Expected<Buffer> outcome = body();
    if (!outcome) return fail(std::move(outcome).error());
    runtime().result = *std::move(outcome);
    return 0;
  } catch (const std::bad_alloc&) {
    return fail(Code::kOutOfMemory, "the WebAssembly memory is full");
  } catch (const std::length_error&) {
    // Here a container's limit is half the address space: asking for more is asking for memory.
    return fail(Code::kOutOfMemory, "more than 2 GiB were asked for at once");
  } catch (const std::exception& exception) {
    return fail(Code::kInternal, exception.what());
  } catch (...) {
    return fail(Code::kInternal, "an exception of an unknown kind");
  }
}

Buffer number(uint32_t value) {
  ByteWriter writer;
  writer.put(value);
  return writer.take();
}

Bytes input(const uint8_t* bytes, uint32_t size) { return {bytes, size}; }

/// The Vfs of a folder that JavaScript named by UTF-8 bytes.
Expected<std::shared_ptr<store::Vfs>> folder_vfs(const uint8_t* bytes, uint32_t size) {
  const std::string_view path = as_text(input(bytes, size));
  if (path.empty()) {
    return Error{Code::kInvalidArgument, "the folder's path is empty, expected a path"};
  }
  if (path.find('\0') != std::string_view::npos) {
    return Error{Code::kInvalidArgument, "the folder's path has a NUL character, expected none"};
  }
  return host_vfs(std::string(path));
}

Expected<engine::Session*> find_session(uint32_t handle) {
  const auto found = runtime().sessions.find(handle);
  if (found == runtime().sessions.end()) {
    return Error{Code::kClosed, "the index is closed"};
  }
  return found->second.get();
}

}  // namespace
}  // namespace quiver::wasm

using namespace quiver;        // NOLINT: this file is the boundary itself
using namespace quiver::wasm;  // NOLINT

extern "C" {

/// Room for `size` bytes of a request; null when memory is full.
EMSCRIPTEN_KEEPALIVE void* quiver_malloc(uint32_t size) {
  return std::malloc(size == 0 ? 1 : size);
}

EMSCRIPTEN_KEEPALIVE void quiver_free(void* block) { std::free(block); }

/// The bytes that the last call returned. Valid until the next call.
EMSCRIPTEN_KEEPALIVE const uint8_t* quiver_result_ptr() { return runtime().result.data(); }
EMSCRIPTEN_KEEPALIVE uint32_t quiver_result_len() {
  return static_cast<uint32_t>(runtime().result.size());
}

/// The error of the last call that returned 1: a name of base/error.h, a sentence, and the position
/// of the offending item or 0xFFFFFFFF. Texts are NUL-terminated UTF-8.
EMSCRIPTEN_KEEPALIVE const char* quiver_error_code() {
  return code_name(runtime().error.code).data();  // made from literals, so NUL-terminated
}
EMSCRIPTEN_KEEPALIVE const char* quiver_error_message() { return runtime().error.message.c_str(); }
EMSCRIPTEN_KEEPALIVE uint32_t quiver_error_item() { return runtime().error.item; }

/// Result: the msgpack map of quiver::capabilities.
EMSCRIPTEN_KEEPALIVE int32_t quiver_capabilities() {
  return guarded([]() -> Expected<Buffer> { return capabilities(); });
}

/// Makes an empty index; `config` is a msgpack map. No result.
EMSCRIPTEN_KEEPALIVE int32_t quiver_create(const uint8_t* folder, uint32_t folder_size,
                                           const uint8_t* config, uint32_t config_size) {
  return guarded([&]() -> Expected<Buffer> {
    auto vfs = folder_vfs(folder, folder_size);
    if (!vfs) return std::move(vfs).error();
    auto created = create_index(**vfs, input(config, config_size));
    if (!created) return std::move(created).error();
    return Buffer{};
  });
}

/// Result: u32, 1 when the folder holds an index.
EMSCRIPTEN_KEEPALIVE int32_t quiver_exists(const uint8_t* folder, uint32_t folder_size) {
  return guarded([&]() -> Expected<Buffer> {
    auto vfs = folder_vfs(folder, folder_size);
    if (!vfs) return std::move(vfs).error();
    auto exists = index_exists(**vfs);
    if (!exists) return std::move(exists).error();
    return number(*exists ? 1 : 0);
  });
}

/// Removes the index's files, and the folder if that leaves it empty. No result.
EMSCRIPTEN_KEEPALIVE int32_t quiver_destroy(const uint8_t* folder, uint32_t folder_size) {
  return guarded([&]() -> Expected<Buffer> {
    auto vfs = folder_vfs(folder, folder_size);
    if (!vfs) return std::move(vfs).error();
    auto destroyed = destroy_index(**vfs);
    if (!destroyed) return std::move(destroyed).error();
    return Buffer{};
  });
}

/// Makes an index in `target` of all that is whole in `source`. Result: a msgpack map, the report.
EMSCRIPTEN_KEEPALIVE int32_t quiver_repair(const uint8_t* source, uint32_t source_size,
                                           const uint8_t* target, uint32_t target_size) {
  return guarded([&]() -> Expected<Buffer> {
    auto from = folder_vfs(source, source_size);
    if (!from) return std::move(from).error();
    auto to = folder_vfs(target, target_size);
    if (!to) return std::move(to).error();
    return repair_index(**from, *to);
  });
}

/// Opens an index; `options` is a msgpack map. Result: u32, the session's handle, never 0.
EMSCRIPTEN_KEEPALIVE int32_t quiver_open(const uint8_t* folder, uint32_t folder_size,
                                         const uint8_t* options, uint32_t options_size) {
  return guarded([&]() -> Expected<Buffer> {
    Runtime& state = runtime();
    if (state.next_handle == std::numeric_limits<uint32_t>::max()) {
      return Error{Code::kInternal, "every handle has been used: load the module again"};
    }
    auto vfs = folder_vfs(folder, folder_size);
    if (!vfs) return std::move(vfs).error();
    auto session = open_session(*std::move(vfs), input(options, options_size), host_vfs);
    if (!session) return std::move(session).error();
    const uint32_t handle = state.next_handle;
    Buffer result = number(handle);
    state.sessions.emplace(handle, *std::move(session));
    ++state.next_handle;
    return result;
  });
}

/// Answers one read request. Result: the response.
EMSCRIPTEN_KEEPALIVE int32_t quiver_read(uint32_t handle, const uint8_t* request, uint32_t size) {
  return guarded([&]() -> Expected<Buffer> {
    auto session = find_session(handle);
    if (!session) return std::move(session).error();
    return (*session)->read(input(request, size));
  });
}

/// Carries out one write request. Result: the response.
EMSCRIPTEN_KEEPALIVE int32_t quiver_write(uint32_t handle, const uint8_t* request, uint32_t size) {
  return guarded([&]() -> Expected<Buffer> {
    auto session = find_session(handle);
    if (!session) return std::move(session).error();
    return (*session)->write(input(request, size));
  });
}

/// Works on maintenance for about `budget` microseconds. Result: u32, 1 while work remains.
EMSCRIPTEN_KEEPALIVE int32_t quiver_pump(uint32_t handle, uint32_t budget) {
  return guarded([&]() -> Expected<Buffer> {
    auto session = find_session(handle);
    if (!session) return std::move(session).error();
    auto remains = (*session)->pump(std::chrono::microseconds(budget));
    if (!remains) return std::move(remains).error();
    return number(*remains ? 1 : 0);
  });
}

/// Ends a session; its handle is never given again. No result.
EMSCRIPTEN_KEEPALIVE int32_t quiver_close(uint32_t handle) {
  return guarded([&]() -> Expected<Buffer> {
    auto session = find_session(handle);
    if (!session) return std::move(session).error();
    runtime().sessions.erase(handle);
    return Buffer{};
  });
}

}  // extern "C"
