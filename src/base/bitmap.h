#pragma once

#include <algorithm>
#include <array>
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

  /// Sets the bits of word `i` to those of `word`, which has none past the end.
  void set_word(size_t i, uint64_t word) noexcept { words_[i] = word; }

  /// Makes room for `size` bits, new ones zero; a smaller size changes nothing.
  void grow(size_t size) {
    if (size <= size_) return;
    size_ = size;
    words_.resize(size / 64 + (size % 64 != 0 ? 1 : 0));
  }

  /// Turns every bit over.
  void flip() noexcept {
    for (uint64_t& word : words_) word = ~word;
    if (size_ % 64 != 0) words_.back() &= (uint64_t{1} << (size_ % 64)) - 1;
  }

  /// Clears the bits that the other, of the same size, has not.
  void keep_common(const Bitmap& other) noexcept {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  }

  /// Sets the bits that the other, of the same size, has.
  void add(const Bitmap& other) noexcept {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }

  [[nodiscard]] bool none() const noexcept {
    return std::all_of(words_.begin(), words_.end(), [](uint64_t word) { return word == 0; });
  }

  /// How many bits are set.
  [[nodiscard]] size_t count() const noexcept {
    size_t total = 0;
    for (const uint64_t word : words_) total += static_cast<size_t>(std::popcount(word));
    return total;
  }

  /// Calls `visit` with the numbers of the bits that are set, ascending, at most `kMost` at a time.
  template <size_t kMost, typename Visit>
  void for_each_some(const Visit& visit) const {
    std::array<uint32_t, kMost> some;
    size_t count = 0;
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t word = words_[i]; word != 0; word &= word - 1) {
        some[count++] = static_cast<uint32_t>(i * 64 + static_cast<size_t>(std::countr_zero(word)));
        if (count < kMost) continue;
        visit(std::span(some.data(), count));
        count = 0;
      }
    }
    if (count != 0) visit(std::span(some.data(), count));
  }

  [[nodiscard]] size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<const uint64_t> words() const noexcept { return words_; }

 private:
  size_t size_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace quiver
