#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "base/expected.h"

/// MessagePack (https://msgpack.org) as far as JSON-like values and binary need it: no extension
/// types, and maps have distinct text keys.
namespace quiver::msgpack {

/// Containers within containers, counting the outermost: `[]` is 1 deep, a scalar 0.
inline constexpr int kMaxDepth = 64;

enum class Kind : uint8_t { kNil, kBoolean, kNumber, kText, kBinary, kArray, kMap };

/// "null", "a boolean", …: for error messages, in JavaScript's words.
[[nodiscard]] std::string_view kind_name(Kind kind) noexcept;

/// Appends values, each in its shortest exact form. After array(n) the caller writes n values,
/// after map(n) n pairs of text key and value. Throws std::length_error for text or binary of
/// 4 GiB or more, which the format cannot hold.
class Writer {
 public:
  Writer() = default;
  /// In the memory of what nobody needs any more.
  explicit Writer(Buffer memory) : out_(std::move(memory)) {}

  void nil();
  void boolean(bool value);
  /// As an integer where that is exact (and not -0), else as float64.
  void number(double value);
  void integer(int64_t value);
  void integer(uint64_t value);
  void integer(int value) { integer(int64_t{value}); }
  void integer(unsigned value) { integer(uint64_t{value}); }
  /// `value` has to be UTF-8; that is not checked here.
  void text(std::string_view value);
  void binary(Bytes value);
  void array(uint32_t count);
  void map(uint32_t count);
  /// Appends one value that is encoded already, or a run of them.
  void encoded(Bytes values) { out_.put_bytes(values); }

  [[nodiscard]] size_t size() const { return out_.size(); }
  [[nodiscard]] Buffer take() { return out_.take(); }

 private:
  ByteWriter out_;
};

class Elements;
class Entries;

/// One value, read in place: it borrows the bytes, copies nothing and allocates nothing. The bytes
/// may be anything: no method fails or reads past their end. What is not a well-formed value
/// reads as nil, and a container with a malformed tail seems to end before it; run validate() first
/// to know that there is no such thing.
class Value {
 public:
  Value() = default;
  /// The value that `bytes` start with; what follows it is ignored.
  explicit Value(Bytes bytes) noexcept;

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is(Kind kind) const noexcept { return kind_ == kind; }

  /// False for any other kind.
  [[nodiscard]] bool boolean() const noexcept { return kind_ == Kind::kBoolean && number_ != 0; }
  /// 64-bit integers are rounded to the nearest double. 0 for any other kind.
  [[nodiscard]] double number() const noexcept { return kind_ == Kind::kNumber ? number_ : 0; }
  /// The number where it is an integer from 0 to 2^53, the range in which doubles are exact.
  [[nodiscard]] std::optional<uint64_t> whole() const noexcept;
  /// Empty for any other kind.
  [[nodiscard]] std::string_view text() const noexcept;
  /// Empty for any other kind.
  [[nodiscard]] Bytes binary() const noexcept;

  /// The elements of an array, the entries of a map; 0 for any other kind.
  [[nodiscard]] size_t size() const noexcept;
  /// For `for (Value element : value.elements())`. Empty for any other kind than an array.
  [[nodiscard]] Elements elements() const noexcept;
  /// For `for (Entry entry : value.entries())`. Empty for any other kind than a map.
  [[nodiscard]] Entries entries() const noexcept;

  /// The value under `key` in this map.
  [[nodiscard]] std::optional<Value> find(std::string_view key) const noexcept;

  /// The value that a dotted path leads to. In each map on the way, a key that is exactly the rest
  /// of the path comes first; else the part before the next dot names the map to go on with:
  /// "a.b.c" finds `{"a.b.c": 1}`, then `{a: {"b.c": 1}}`, then `{a: {b: {c: 1}}}`. Arrays are
  /// not descended.
  [[nodiscard]] std::optional<Value> find_path(std::string_view path) const noexcept;

  /// The encoded form of this value, within the bytes it was read from.
  [[nodiscard]] Bytes bytes() const noexcept;

 private:
  friend class Elements;
  friend class Entries;

  /// Reads the value at `at`. False for truncated or unsupported bytes.
  static bool read(const uint8_t* at, const uint8_t* end, Value& out) noexcept;
  /// Where the value after the one at `at` starts; null if that one is malformed.
  static const uint8_t* skip(const uint8_t* at, const uint8_t* end) noexcept;
  /// Where the value after this one starts; null if its contents are malformed.
  [[nodiscard]] const uint8_t* next() const noexcept;

  Kind kind_ = Kind::kNil;
  /// Bytes of text or binary, elements of an array, entries of a map.
  uint32_t count_ = 0;
  /// Of a number or a boolean.
  double number_ = 0;
  const uint8_t* begin_ = nullptr;
  /// Behind the head: the text, the binary or the first element; for a scalar the value's end.
  const uint8_t* body_ = nullptr;
  const uint8_t* end_ = nullptr;
};

/// One entry of a map.
struct Entry {
  std::string_view key;
  Value value;
};

/// The elements of an array, as a range for `for`.
class Elements {
 public:
  class Iterator {
   public:
    using value_type = Value;
    using difference_type = std::ptrdiff_t;

    const Value& operator*() const noexcept { return value_; }
    Iterator& operator++() noexcept {
      --left_;
      if (left_ != 0) load(value_.next());
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return left_ == 0; }

   private:
    friend class Elements;
    Iterator(const uint8_t* at, const uint8_t* end, uint32_t count) noexcept
        : end_(end), left_(count) {
      if (left_ != 0) load(at);
    }
    void load(const uint8_t* at) noexcept {
      if (at == nullptr || !Value::read(at, end_, value_)) left_ = 0;
    }

    Value value_;
    const uint8_t* end_;
    uint32_t left_;
  };

  [[nodiscard]] Iterator begin() const noexcept { return {at_, end_, count_}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend class Value;
  Elements(const uint8_t* at, const uint8_t* end, uint32_t count) noexcept
      : at_(at), end_(end), count_(count) {}

  const uint8_t* at_;
  const uint8_t* end_;
  uint32_t count_;
};

/// The entries of a map, as a range for `for`.
class Entries {
 public:
  class Iterator {
   public:
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;

    const Entry& operator*() const noexcept { return entry_; }
    const Entry* operator->() const noexcept { return &entry_; }
    Iterator& operator++() noexcept {
      --left_;
      if (left_ != 0) load(entry_.value.next());
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return left_ == 0; }

   private:
    friend class Entries;
    Iterator(const uint8_t* at, const uint8_t* end, uint32_t count) noexcept
        : end_(end), left_(count) {
      if (left_ != 0) load(at);
    }
    void load(const uint8_t* at) noexcept {
      Value key;
      if (at == nullptr || !Value::read(at, end_, key) || !key.is(Kind::kText) ||
          !Value::read(key.next(), end_, entry_.value)) {
        left_ = 0;
        return;
      }
      entry_.key = key.text();
    }

    Entry entry_;
    const uint8_t* end_;
    uint32_t left_;
  };

  [[nodiscard]] Iterator begin() const noexcept { return {at_, end_, count_}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend class Value;
  Entries(const uint8_t* at, const uint8_t* end, uint32_t count) noexcept
      : at_(at), end_(end), count_(count) {}

  const uint8_t* at_;
  const uint8_t* end_;
  uint32_t count_;
};

/// Checks that `bytes` are exactly one well-formed value, at most kMaxDepth deep, without extension
/// types, all text UTF-8, and all map keys text and distinct. The error has `code` and starts
/// with `what` ("metadata", say).
Expected<void> validate(Bytes bytes, std::string_view what, Code code = Code::kInvalidArgument);

/// The map `base` with the entries of `patch` in it: a key of both keeps its place and gets the
/// value of `patch`, whole (nested maps are not merged); new keys follow in the order of `patch`.
/// Both have to be valid maps; anything else counts as the empty map.
[[nodiscard]] Buffer merge_maps(Bytes base, Bytes patch);

// Implementation details follow.

inline bool Value::read(const uint8_t* at, const uint8_t* end, Value& out) noexcept {
  if (at == end) return false;
  const auto left = static_cast<size_t>(end - at);
  const uint8_t tag = *at;
  out.begin_ = at;
  out.end_ = end;

  const auto sized = [&](Kind kind, size_t head, uint32_t count) {
    // Every element takes a byte at least, so a count past the end is false.
    const uint64_t least = kind == Kind::kMap ? uint64_t{count} * 2 : count;
    if (left - head < least) return false;
    out.kind_ = kind;
    out.count_ = count;
    out.body_ = at + head;
    return true;
  };
  const auto scalar = [&](Kind kind, double number, size_t size) {
    out.kind_ = kind;
    out.count_ = 0;
    out.number_ = number;
    out.body_ = at + size;
    return true;
  };
  // Big-endian, as the format is.
  const auto load = [&]<typename T>(T) {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | at[1 + i]);
    return value;
  };
  const auto sized_by = [&]<typename T>(Kind kind, T) {
    if (left < 1 + sizeof(T)) return false;
    return sized(kind, 1 + sizeof(T), load(T{}));
  };
  const auto integer = [&]<typename T>(T) {
    if (left < 1 + sizeof(T)) return false;
    const auto bits = load(std::make_unsigned_t<T>{});
    return scalar(Kind::kNumber, static_cast<double>(static_cast<T>(bits)), 1 + sizeof(T));
  };

  if (tag < 0x80) return scalar(Kind::kNumber, tag, 1);
  if (tag < 0x90) return sized(Kind::kMap, 1, tag & 0x0Fu);
  if (tag < 0xA0) return sized(Kind::kArray, 1, tag & 0x0Fu);
  if (tag < 0xC0) return sized(Kind::kText, 1, tag & 0x1Fu);
  if (tag >= 0xE0) return scalar(Kind::kNumber, static_cast<int8_t>(tag), 1);
  switch (tag) {
    case 0xC0:
      return scalar(Kind::kNil, 0, 1);
    case 0xC2:
      return scalar(Kind::kBoolean, 0, 1);
    case 0xC3:
      return scalar(Kind::kBoolean, 1, 1);
    case 0xC4:
      return sized_by(Kind::kBinary, uint8_t{});
    case 0xC5:
      return sized_by(Kind::kBinary, uint16_t{});
    case 0xC6:
      return sized_by(Kind::kBinary, uint32_t{});
    case 0xCA:
      if (left < 5) return false;
      return scalar(Kind::kNumber, std::bit_cast<float>(load(uint32_t{})), 5);
    case 0xCB:
      if (left < 9) return false;
      return scalar(Kind::kNumber, std::bit_cast<double>(load(uint64_t{})), 9);
    case 0xCC:
      return integer(uint8_t{});
    case 0xCD:
      return integer(uint16_t{});
    case 0xCE:
      return integer(uint32_t{});
    case 0xCF:
      return integer(uint64_t{});
    case 0xD0:
      return integer(int8_t{});
    case 0xD1:
      return integer(int16_t{});
    case 0xD2:
      return integer(int32_t{});
    case 0xD3:
      return integer(int64_t{});
    case 0xD9:
      return sized_by(Kind::kText, uint8_t{});
    case 0xDA:
      return sized_by(Kind::kText, uint16_t{});
    case 0xDB:
      return sized_by(Kind::kText, uint32_t{});
    case 0xDC:
      return sized_by(Kind::kArray, uint16_t{});
    case 0xDD:
      return sized_by(Kind::kArray, uint32_t{});
    case 0xDE:
      return sized_by(Kind::kMap, uint16_t{});
    case 0xDF:
      return sized_by(Kind::kMap, uint32_t{});
    default:  // 0xC1 is never used; the rest are extension types.
      return false;
  }
}

inline Value::Value(Bytes bytes) noexcept {
  if (!read(bytes.data(), bytes.data() + bytes.size(), *this)) *this = Value();
}

inline const uint8_t* Value::next() const noexcept {
  switch (kind_) {
    case Kind::kText:
    case Kind::kBinary:
      return body_ + count_;
    case Kind::kArray:
    case Kind::kMap:
      return count_ == 0 ? body_ : skip(begin_, end_);
    default:
      return body_;
  }
}

inline std::string_view Value::text() const noexcept {
  if (kind_ != Kind::kText) return {};
  return {reinterpret_cast<const char*>(body_), count_};
}

inline Bytes Value::binary() const noexcept {
  return kind_ == Kind::kBinary ? Bytes(body_, count_) : Bytes();
}

inline size_t Value::size() const noexcept {
  return kind_ == Kind::kArray || kind_ == Kind::kMap ? count_ : 0;
}

inline Elements Value::elements() const noexcept {
  return {body_, end_, kind_ == Kind::kArray ? count_ : 0};
}

inline Entries Value::entries() const noexcept {
  return {body_, end_, kind_ == Kind::kMap ? count_ : 0};
}

}  // namespace quiver::msgpack
