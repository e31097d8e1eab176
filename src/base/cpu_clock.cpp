#include "base/cpu_clock.h"

#ifdef __EMSCRIPTEN__
#include <chrono>
#elif defined(_WIN32)
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <ctime>
#endif

namespace quiver {

uint64_t thread_cpu_ns() {
#ifdef __EMSCRIPTEN__
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                               std::chrono::nanoseconds(1));
#elif defined(_WIN32)
  FILETIME created;
  FILETIME ended;
  FILETIME in_system;
  FILETIME in_program;
  if (GetThreadTimes(GetCurrentThread(), &created, &ended, &in_system, &in_program) == 0) return 0;
  // In units of 100 ns.
  const auto ns = [](const FILETIME& time) {
    return (uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime) * 100;
  };
  return ns(in_system) + ns(in_program);
#else
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
#endif
}

}  // namespace quiver
