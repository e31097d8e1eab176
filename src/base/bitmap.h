#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quiver {

/// A fixed number of bits, all zero at first, in 64-bit words: bit i is bit i % 64 of word i / 64.
/// The bits of the last word that lie past size() are always zero.
class Bitmap {
 public:
  Bitmap() = default;
  explicit Bitmap(size_t size) : size_(size), words_(size / 64 + (size % 64 != 0 ? 1 : 0)) {}

  /// Whether bit `i` is set; false for an `i` past the end.
  [[nodiscard]] bool test(size_t i) const noexcept {
    return i < size_ && ((words_[i / 64] >> (i % 64)) & 1) != 0;
  }

  /// Sets bit `i`; does nothing for an `i` past the end.
  void set(size_t i) noexcept {
    if (i < size_) words_[i / 64] |= uint64_t{1} << (i % 64);
  }

  /// Makes room for `size` bits, new ones zero; a smaller size changes nothing.
  void grow(size_t size) {
    if (size <= size_) return;
    size_ = size;
    words_.resize(size / 64 + (size % 64 != 0 ? 1 : 0));
  }

  /// How many bits are set.
  [[nodiscard]] size_t count() const noexcept {
    size_t total = 0;
    for (const uint64_t word : words_) total += static_cast<size_t>(std::popcount(word));
    return total;
  }

  [[nodiscard]] size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<const uint64_t> words() const noexcept { return words_; }

 private:
  size_t size_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace quiver
