#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "base/hash.h"

namespace quiver {

/// A 64-bit hash of which every bit depends on every byte, at several bytes a cycle: for tables in
/// memory. It is stored nowhere and may change. Four lanes are multiplied and rotated side by side,
/// after xxHash64 (Collet), whose numbers these are not.
inline uint64_t hash_bytes(Bytes bytes, uint64_t seed) {
  constexpr uint64_t kOne = 0x9E3779B97F4A7C15ULL;
  constexpr uint64_t kTwo = 0xD6E8FEB86659FD93ULL;
  const auto load = [](const uint8_t* at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    return word;
  };
  const auto mix = [](uint64_t lane, uint64_t word) {
    return std::rotl(lane + word * kTwo, 31) * kOne;
  };
  std::array<uint64_t, 4> lanes{seed + kOne, seed ^ kTwo, seed, seed - kOne};
  const uint8_t* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 32; left -= 32, at += 32) {
    for (size_t i = 0; i < lanes.size(); ++i) lanes[i] = mix(lanes[i], load(at + 8 * i));
  }
  uint64_t hash = bytes.size();
  for (const uint64_t lane : lanes) hash = mix(hash, lane);
  for (; left >= 8; left -= 8, at += 8) hash = mix(hash, load(at));
  uint64_t last = 0;
  if (left != 0) std::memcpy(&last, at, left);
  return split_mix(mix(hash, last));
}

}  // namespace quiver
