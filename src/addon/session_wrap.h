#pragma once

#include <memory>

#include "addon/environment.h"
#include "addon/napi_setup.h"
#include "quiver.h"

namespace quiver::addon {

/// What a JavaScript Session object holds.
struct SessionHandle {
  Environment* environment;  // null once that is torn down
  std::shared_ptr<engine::AsyncSession> session;
};

/// Defines the class Session { read, readNow, readSync, write, close } for one environment.
void define_session_class(Environment& environment);

/// A JavaScript Session on `session`. Null, with an exception pending, on failure; the session is
/// then closed in the background.
napi_value new_session_object(Environment& environment,
                              std::shared_ptr<engine::AsyncSession> session);

}  // namespace quiver::addon
