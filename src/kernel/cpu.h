#pragma once

namespace quiver::kernel {

/// What this CPU can run and this operating system saves on a task switch. All false where a build
/// has no such choice (ARM64, WebAssembly).
struct CpuFeatures {
  bool sse42 = false;
  bool avx2 = false;
  bool avx512 = false;      ///< F, BW, DQ and VL together
  bool avx512vnni = false;  ///< those with VNNI
};

CpuFeatures detect_cpu();

}  // namespace quiver::kernel
