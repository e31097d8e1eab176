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

/// Reads what put_varint wrote from `at`, which moves behind it. False if it does not end before
/// `end` or has more than 64 bits; `at` and `value` then mean nothing.
inline bool take_varint(const uint8_t*& at, const uint8_t* end, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && at != end; shift += 7) {
    const uint8_t byte = *at++;
    const uint64_t bits = byte & 0x7F;
    if (shift == 63 && bits > 1) return false;
    value |= bits << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

/// The same from a reader; CORRUPT_FILE.
inline Expected<uint64_t> get_varint(ByteReader& reader) {
  const Bytes rest = reader.rest();
  const uint8_t* at = rest.data();
  uint64_t value = 0;
  if (!take_varint(at, at + rest.size(), value)) {
    return Error{Code::kCorruptFile, "A number ends too late or too early"};
  }
  (void)reader.get_bytes(static_cast<uint64_t>(at - rest.data()));
  return value;
}

}  // namespace quiver
