#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define QUIVER_CRC32C_SSE42
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace quiver {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // reflected

/// kTables[k][b]: the checksum of byte b followed by k zero bytes ("slicing-by-8", Kounavis & Berry
/// 2005).
constexpr std::array<std::array<uint32_t, 256>, 8> make_tables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

#ifdef __wasm__
/// Made at first use: to download 8 kB takes longer.
const auto& tables() {
  static const auto kTables = make_tables();
  return kTables;
}
#else
constexpr auto kTables = make_tables();
constexpr const auto& tables() { return kTables; }
#endif

uint32_t portable(const uint8_t* at, size_t size, uint32_t crc) {
  const auto& table = tables();
  for (; size >= 8; size -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    word ^= crc;
    crc = 0;
    for (size_t k = 0; k < 8; ++k) crc ^= table[7 - k][(word >> (8 * k)) & 0xFF];
  }
  for (; size > 0; --size, ++at) crc = (crc >> 8) ^ table[0][(crc ^ *at) & 0xFF];
  return crc;
}

#ifdef QUIVER_CRC32C_SSE42
__attribute__((target("sse4.2"))) uint32_t with_sse42(const uint8_t* at, size_t size,
                                                      uint32_t crc) {
  uint64_t wide = crc;
  for (; size >= 8; size -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<uint32_t>(wide);
  for (; size > 0; --size, ++at) crc = _mm_crc32_u8(crc, *at);
  return crc;
}
#endif

#ifdef __ARM_FEATURE_CRC32
uint32_t with_armv8(const uint8_t* at, size_t size, uint32_t crc) {
  for (; size >= 8; size -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    crc = __crc32cd(crc, word);
  }
  for (; size > 0; --size, ++at) crc = __crc32cb(crc, *at);
  return crc;
}
#endif

}  // namespace

uint32_t crc32c_portable(Bytes bytes, uint32_t seed) {
  return ~portable(bytes.data(), bytes.size(), ~seed);
}

uint32_t crc32c(Bytes bytes, uint32_t seed) {
#ifdef QUIVER_CRC32C_SSE42
  static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
  if (has_sse42) return ~with_sse42(bytes.data(), bytes.size(), ~seed);
#endif
#ifdef __ARM_FEATURE_CRC32
  return ~with_armv8(bytes.data(), bytes.size(), ~seed);
#else
  return crc32c_portable(bytes, seed);
#endif
}

}  // namespace quiver
