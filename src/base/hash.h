#pragma once

#include <cstdint>
#include <string_view>

namespace quiver {

/// 64-bit FNV-1a (Fowler, Noll & Vo) with a final mix, so that every bit depends on the whole text.
/// Stored in segment files: never change it.
constexpr uint64_t hash_text(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001B3ULL;
  }
  hash ^= hash >> 32;
  hash *= 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 29);
}

/// What follows from the state `x` in SplitMix64 (Steele, Lea & Flood 2014), whose next state is
/// x + kSplitMixStep. Graphs and codes in files depend on it: never change it.
inline constexpr uint64_t kSplitMixStep = 0x9E3779B97F4A7C15ULL;
constexpr uint64_t split_mix(uint64_t x) {
  x += kSplitMixStep;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace quiver
