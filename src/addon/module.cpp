// The addon's entry point: what a native engine offers to js/engine/native.ts. The layout of all
// bytes that pass is in docs/engine-messages.md.

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "addon/arguments.h"
#include "addon/environment.h"
#include "addon/errors.h"
#include "addon/session_wrap.h"

namespace quiver::addon {

namespace {

/// A function's environment and arguments; absent ones are `undefined`.
struct FunctionCall {
  Environment* environment = nullptr;
  std::array<napi_value, 2> arguments{};
};

FunctionCall function_call(napi_env env, napi_callback_info info) {
  FunctionCall call;
  size_t count = call.arguments.size();
  void* environment = nullptr;
  napi_get_cb_info(env, info, &count, call.arguments.data(), nullptr, &environment);
  call.environment = static_cast<Environment*>(environment);
  return call;
}

/// Runs `work`, an Expected<bool>, <Buffer> or <void> of a Vfs on `folder`, on the core's threads.
template <typename Work>
void run_on_folder(Call* call, std::string folder, Work work) {
  engine::run_in_background([call, folder = std::move(folder), work = std::move(work)] {
    std::optional<Expected<Value>> result;
    try {
      const std::shared_ptr<store::Vfs> vfs = store::native_vfs(folder);
      auto outcome = work(*vfs);
      if (!outcome) {
        result = std::move(outcome).error();
      } else if constexpr (std::is_same_v<decltype(outcome), Expected<void>>) {
        result = Value{};
      } else {
        result = Value{*std::move(outcome)};
      }
    } catch (...) {
      result = error_of_current_exception();
    }
    call->finish(std::move(*result));
  });
}

napi_value js_capabilities(napi_env env, napi_callback_info) {
  return to_js_bytes(env, capabilities());
}

napi_value js_create(napi_env env, napi_callback_info info) {
  const FunctionCall function = function_call(env, info);
  std::optional<std::string> folder = folder_argument(env, function.arguments[0]);
  if (!folder) return nullptr;
  std::optional<Buffer> config = bytes_argument(env, function.arguments[1], "config");
  if (!config) return nullptr;
  return function.environment->call([&](Call* call) {
    run_on_folder(call, std::move(*folder), [config = std::move(*config)](store::Vfs& vfs) {
      return create_index(vfs, config);
    });
  });
}

napi_value js_exists(napi_env env, napi_callback_info info) {
  const FunctionCall function = function_call(env, info);
  std::optional<std::string> folder = folder_argument(env, function.arguments[0]);
  if (!folder) return nullptr;
  return function.environment->call([&](Call* call) {
    run_on_folder(call, std::move(*folder), [](store::Vfs& vfs) { return index_exists(vfs); });
  });
}

napi_value js_destroy(napi_env env, napi_callback_info info) {
  const FunctionCall function = function_call(env, info);
  std::optional<std::string> folder = folder_argument(env, function.arguments[0]);
  if (!folder) return nullptr;
  return function.environment->call([&](Call* call) {
    run_on_folder(call, std::move(*folder), [](store::Vfs& vfs) { return destroy_index(vfs); });
  });
}

napi_value js_repair(napi_env env, napi_callback_info info) {
  const FunctionCall function = function_call(env, info);
  std::optional<std::string> source = folder_argument(env, function.arguments[0]);
  if (!source) return nullptr;
  std::optional<std::string> target = folder_argument(env, function.arguments[1]);
  if (!target) return nullptr;
  return function.environment->call([&](Call* call) {
    run_on_folder(call, std::move(*source), [target = std::move(*target)](store::Vfs& vfs) {
      return repair_index(vfs, store::native_vfs(target));
    });
  });
}

napi_value js_open(napi_env env, napi_callback_info info) {
  const FunctionCall function = function_call(env, info);
  std::optional<std::string> folder = folder_argument(env, function.arguments[0]);
  if (!folder) return nullptr;
  std::optional<Buffer> options = bytes_argument(env, function.arguments[1], "options");
  if (!options) return nullptr;
  return function.environment->call([&](Call* call) {
    engine::AsyncSession::open(std::move(*folder), std::move(*options),
                               finisher<std::shared_ptr<engine::AsyncSession>>(call));
  });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  Environment& environment = Environment::install(env);
  define_session_class(environment);

  const auto function = [&](const char* name, napi_callback callback) {
    return napi_property_descriptor{name,    nullptr, callback,        nullptr,
                                    nullptr, nullptr, napi_enumerable, &environment};
  };
  const std::array functions{
      function("capabilities", guarded<js_capabilities>),
      function("create", guarded<js_create>),
      function("exists", guarded<js_exists>),
      function("destroy", guarded<js_destroy>),
      function("repair", guarded<js_repair>),
      function("open", guarded<js_open>),
  };
  if (napi_define_properties(env, exports, functions.size(), functions.data()) != napi_ok) {
    throw Napi::Error::New(env, "quiver: cannot define the addon's functions");
  }
  return exports;
}

}  // namespace

NODE_API_MODULE(quiver, init)

}  // namespace quiver::addon
