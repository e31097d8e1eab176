#pragma once

#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
#include <xmmintrin.h>
#endif

namespace quiver {

/// Asks for a cache line that is read soon. There must be a byte at the address: WebAssembly has no
/// such instruction, but a load whose result nobody needs does nearly as well.
inline void prefetch(const void* address) {
#if defined(__wasm__)
  static_cast<void>(*static_cast<const volatile char*>(address));
#elif defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(address);
#elif defined(_M_X64) || defined(_M_IX86)
  _mm_prefetch(static_cast<const char*>(address), _MM_HINT_T0);
#else
  (void)address;
#endif
}

}  // namespace quiver
