#include "kernel/cpu.h"

#if defined(_MSC_VER) && !defined(__clang__) && defined(_M_X64)
#include <immintrin.h>
#include <intrin.h>

#include <cstdint>
#endif

namespace quiver::kernel {

#if defined(_MSC_VER) && !defined(__clang__) && defined(_M_X64)

namespace {

struct CpuidLeaf {
  uint32_t eax, ebx, ecx, edx;
};

CpuidLeaf cpuid(int leaf) {
  int words[4];
  __cpuidex(words, leaf, 0);
  return {static_cast<uint32_t>(words[0]), static_cast<uint32_t>(words[1]),
          static_cast<uint32_t>(words[2]), static_cast<uint32_t>(words[3])};
}

constexpr bool has(uint64_t word, uint64_t bits) { return (word & bits) == bits; }
constexpr uint32_t bit(int index) { return uint32_t{1} << index; }

}  // namespace

// Intel SDM, volume 2A, CPUID (leaves 1 and 7) and volume 1, 13.3 (the register sets in XCR0).
CpuFeatures detect_cpu() {
  CpuFeatures cpu;
  const uint32_t leaves = cpuid(0).eax;
  if (leaves < 1) return cpu;
  const CpuidLeaf one = cpuid(1);
  cpu.sse42 = has(one.ecx, bit(20));
  const bool saves_by_xsave = has(one.ecx, bit(27));
  if (leaves < 7 || !saves_by_xsave) return cpu;
  const uint64_t saved = _xgetbv(0);
  const CpuidLeaf seven = cpuid(7);
  const bool saves_ymm = has(saved, 0x06);
  const bool saves_zmm = has(saved, 0xE6);
  cpu.avx2 = saves_ymm && has(one.ecx, bit(28)) && has(seven.ebx, bit(5));
  cpu.avx512 = cpu.avx2 && saves_zmm && has(seven.ebx, bit(16) | bit(17) | bit(30) | bit(31));
  cpu.avx512vnni = cpu.avx512 && has(seven.ecx, bit(11));
  return cpu;
}

#elif defined(__x86_64__)

CpuFeatures detect_cpu() {
  // The builtins also ask the operating system, through XGETBV.
  __builtin_cpu_init();
  CpuFeatures cpu;
  cpu.sse42 = __builtin_cpu_supports("sse4.2") != 0;
  cpu.avx2 = __builtin_cpu_supports("avx2") != 0;
  cpu.avx512 = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
               __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  cpu.avx512vnni = cpu.avx512 && __builtin_cpu_supports("avx512vnni") != 0;
  return cpu;
}

#else

CpuFeatures detect_cpu() { return {}; }

#endif

}  // namespace quiver::kernel
