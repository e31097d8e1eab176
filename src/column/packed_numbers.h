#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/prefetch.h"

namespace quiver::column {

/// Whole numbers, each as its distance from the smallest one in 0, 1, 2, 4 or 8 bytes: frame of
/// reference (Goldstein, Ramakrishnan & Shaft 1998) in whole bytes, so that any one can be read by
/// itself. docs/format.md gives the bytes. Borrowed memory.
class PackedNumbers {
 public:
  PackedNumbers() = default;

  /// Takes an encoded sequence from untrusted bytes; CORRUPT_FILE if it does not fit.
  static Expected<PackedNumbers> read(ByteReader& reader);

  [[nodiscard]] uint32_t size() const { return count_; }

  /// `i` below size().
  [[nodiscard]] uint64_t operator[](uint32_t i) const {
    switch (width_) {
      case 0:
        return base_;
      case 1:
        return base_ + distance<uint8_t>(i);
      case 2:
        return base_ + distance<uint16_t>(i);
      case 4:
        return base_ + distance<uint32_t>(i);
      default:
        return base_ + distance<uint64_t>(i);
    }
  }

  /// Asks for what operator[] will read.
  void prefetch(uint32_t i) const { quiver::prefetch(values_ + size_t{i} * width_); }

  /// The place of the last number that is not above `number`, in a sequence that does not fall and
  /// is not empty; 0 if all are above. In any other sequence some place below size().
  [[nodiscard]] uint32_t last_not_above(uint64_t number) const;

 private:
  template <typename T>
  [[nodiscard]] uint64_t distance(uint32_t i) const {
    T value;
    std::memcpy(&value, values_ + size_t{i} * sizeof(T), sizeof(T));
    return value;
  }

  const uint8_t* values_ = nullptr;
  uint64_t base_ = 0;
  uint32_t count_ = 0;
  uint32_t width_ = 0;
};

/// Appends `numbers`, at most 2^32−1 of them, as PackedNumbers::read() takes them.
void append_packed(std::span<const uint64_t> numbers, ByteWriter& out);

/// How many bytes a number takes whose distance from the smallest is at most `range`.
[[nodiscard]] uint32_t packed_width(uint64_t range);

}  // namespace quiver::column
