#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/expected.h"

namespace quiver {

static_assert(std::endian::native == std::endian::little,
              "files and messages are little-endian and are read in place");

using Bytes = std::span<const uint8_t>;
using Buffer = std::vector<uint8_t>;

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline bool all_zero(Bytes bytes) {
  // The system compares many bytes at once.
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

template <typename T>
requires std::is_trivially_copyable_v<T> Bytes as_bytes(std::span<const T> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

/// Appends little-endian values to a growing buffer.
class ByteWriter {
 public:
  ByteWriter() = default;
  /// In the memory of what nobody needs any more.
  explicit ByteWriter(Buffer memory) : buffer_(std::move(memory)) { buffer_.clear(); }

  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void put(T value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    buffer_.insert(buffer_.end(), bytes, bytes + sizeof(T));
  }

  void put_bytes(Bytes bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
  void put_text(std::string_view text) { put_bytes(as_bytes(text)); }
  void align(size_t alignment) {
    buffer_.resize((buffer_.size() + alignment - 1) / alignment * alignment);
  }

  [[nodiscard]] size_t size() const { return buffer_.size(); }
  Buffer& buffer() { return buffer_; }
  Buffer take() { return std::move(buffer_); }

 private:
  Buffer buffer_;
};

/// Reads little-endian values from untrusted bytes. Every length is checked before use: a read past
/// the end fails and leaves the position where it was.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes, std::string_view what = "message")
      : bytes_(bytes), what_(what) {}

  template <typename T>
  requires std::is_trivially_copyable_v<T> Expected<T> get() {
    if (remaining() < sizeof(T)) return too_short(sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }

  Expected<Bytes> get_bytes(uint64_t count) {
    if (remaining() < count) return too_short(count);
    const Bytes result = bytes_.subspan(position_, static_cast<size_t>(count));
    position_ += static_cast<size_t>(count);
    return result;
  }

  /// What is not read yet.
  [[nodiscard]] Bytes rest() const { return bytes_.subspan(position_); }
  [[nodiscard]] size_t remaining() const { return bytes_.size() - position_; }
  [[nodiscard]] size_t position() const { return position_; }

 private:
  [[nodiscard]] Error too_short(uint64_t wanted) const {
    return Error{Code::kCorruptFile, std::string(what_) + " ends too early: expected " +
                                         std::to_string(wanted) + " bytes at offset " +
                                         std::to_string(position_) + ", got " +
                                         std::to_string(remaining())};
  }

  Bytes bytes_;
  std::string_view what_;
  size_t position_ = 0;
};

}  // namespace quiver
