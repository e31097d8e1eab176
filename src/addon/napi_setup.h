#pragma once

// The one include site of Node-API. binding.gyp sets NAPI_VERSION and turns C++ exceptions on.

#ifndef NAPI_VERSION
#define NAPI_VERSION 8  // the first with type tags and asynchronous clean-up; Node 12.22 and later
#endif
static_assert(NAPI_VERSION >= 8, "type tags need Node-API 8");

#include <napi.h>
