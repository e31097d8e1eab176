#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace quiver {

/// Appends `value` in groups of 7 bits, lowest first, all but the last with the top bit set
/// (LEB128).
inline void put_varint(ByteWriter& writer, uint64_t value) {
  for (; value >= 0x80; value >>= 7) writer.put<uint8_t>(static_cast<uint8_t>(value) | 0x80);
  writer.put<uint8_t>(static_cast<uint8_t>(value));
}

/// Reads what put_varint wrote; CORRUPT_FILE if it ends early or has more than 64 bits.
inline Expected<uint64_t> get_varint(ByteReader& reader) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = reader.get<uint8_t>();
    if (!byte) return byte.error();
    const uint64_t bits = *byte & 0x7F;
    if (shift == 63 && bits > 1) break;
    value |= bits << shift;
    if ((*byte & 0x80) == 0) return value;
  }
  return Error{Code::kCorruptFile, "A number has more than 64 bits"};
}

}  // namespace quiver
