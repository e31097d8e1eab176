#include "base/msgpack.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/utf8.h"

namespace quiver::msgpack {

namespace {

/// The tag, then `value` big-endian.
template <typename T>
void put(ByteWriter& out, uint8_t tag, T value) {
  out.put(tag);
  for (size_t shift = sizeof(T); shift-- > 0;) {
    out.put(static_cast<uint8_t>(value >> (8 * shift)));
  }
}

uint32_t checked_length(size_t length) {
  if (length > std::numeric_limits<uint32_t>::max()) {
    throw std::length_error("MessagePack text and binary hold less than 4 GiB");
  }
  return static_cast<uint32_t>(length);
}

/// Walks one value by recursion, which kMaxDepth bounds. Keeps the first problem that it meets.
class Validator {
 public:
  explicit Validator(Bytes bytes) : start_(bytes.data()), rest_(bytes) {}

  bool value(int depth) {
    Value head;
    if (!take(head)) return false;
    if (head.is(Kind::kText)) return text(head);
    if (!head.is(Kind::kArray) && !head.is(Kind::kMap)) return true;
    if (depth == kMaxDepth) {
      return fail("nests deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    return head.is(Kind::kArray) ? elements(head.size(), depth) : entries(head.size(), depth);
  }

  /// To call after value(): whether nothing follows it.
  bool at_end() {
    if (rest_.empty()) return true;
    last_ = rest_.data();
    return fail("has " + std::to_string(rest_.size()) + " bytes behind its one MessagePack value");
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  bool fail(std::string problem) {
    problem_ = std::move(problem) + " at offset " + std::to_string(last_ - start_);
    return false;
  }

  /// The next value, whole if it is no container, else its head.
  bool take(Value& head) {
    last_ = rest_.data();
    head = Value(rest_);
    // A malformed value reads as nil too; only a real one has its tag.
    if (head.is(Kind::kNil) && (rest_.empty() || rest_[0] != 0xC0)) return fail(malformed());
    const bool container = head.is(Kind::kArray) || head.is(Kind::kMap);
    rest_ = rest_.subspan(container ? head_size(rest_[0]) : head.bytes().size());
    return true;
  }

  [[nodiscard]] std::string malformed() const {
    if (rest_.empty()) return "ends too early";
    const uint8_t tag = rest_[0];
    const bool extension = (tag >= 0xC7 && tag <= 0xC9) || (tag >= 0xD4 && tag <= 0xD8);
    if (extension) return "has an extension type, which is not supported,";
    if (tag == 0xC1) return "has the byte 0xC1, which MessagePack never uses,";
    return "has a value that reaches past the end";
  }

  static size_t head_size(uint8_t tag) {
    switch (tag) {
      case 0xDC:
      case 0xDE:
        return 3;
      case 0xDD:
      case 0xDF:
        return 5;
      default:
        return 1;
    }
  }

  bool text(const Value& value) {
    return is_utf8(value.text()) || fail("has text that is not UTF-8");
  }

  bool elements(size_t count, int depth) {
    for (size_t i = 0; i < count; ++i) {
      if (!value(depth + 1)) return false;
    }
    return true;
  }

  bool entries(size_t count, int depth) {
    // Most maps have a handful of keys, for which looking at all of them beats a hash table.
    constexpr size_t kFew = 16;
    std::array<std::string_view, kFew> few;
    std::unordered_set<std::string_view> many;
    for (size_t i = 0; i < count; ++i) {
      Value key;
      if (!take(key)) return false;
      if (!key.is(Kind::kText)) return fail("has a map key that is not text");
      if (!text(key)) return false;
      bool fresh = true;
      if (count <= kFew) {
        const auto* const known_end = few.data() + i;
        fresh = std::find(std::as_const(few).data(), known_end, key.text()) == known_end;
        few[i] = key.text();
      } else {
        fresh = many.insert(key.text()).second;
      }
      if (!fresh) {
        return fail("has the map key \"" + std::string(key.text()) + "\" a second time");
      }
      if (!value(depth + 1)) return false;
    }
    return true;
  }

  const uint8_t* start_;
  /// The head that was taken last, where a problem is.
  const uint8_t* last_ = start_;
  Bytes rest_;
  std::string problem_;
};

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::kNil:
      return "null";
    case Kind::kBoolean:
      return "a boolean";
    case Kind::kNumber:
      return "a number";
    case Kind::kText:
      return "a string";
    case Kind::kBinary:
      return "binary";
    case Kind::kArray:
      return "an array";
    case Kind::kMap:
      return "an object";
  }
  return "nothing";
}

void Writer::nil() { out_.put(uint8_t{0xC0}); }

void Writer::boolean(bool value) { out_.put(static_cast<uint8_t>(value ? 0xC3 : 0xC2)); }

void Writer::number(double value) {
  // 2^63 and 2^64 are exact doubles: below them every integral double fits the integer type.
  constexpr double k2p63 = 9223372036854775808.0;
  constexpr double k2p64 = 18446744073709551616.0;
  const bool negative_zero = value == 0 && std::signbit(value);
  if (!negative_zero && value == std::trunc(value)) {
    if (value >= 0 && value < k2p64) return integer(static_cast<uint64_t>(value));
    if (value < 0 && value >= -k2p63) return integer(static_cast<int64_t>(value));
  }
  put(out_, 0xCB, std::bit_cast<uint64_t>(value));
}

void Writer::integer(int64_t value) {
  if (value >= 0) return integer(static_cast<uint64_t>(value));
  if (value >= -32) return out_.put(static_cast<uint8_t>(value));
  const auto bits = static_cast<uint64_t>(value);
  if (value >= std::numeric_limits<int8_t>::min()) {
    put(out_, 0xD0, static_cast<uint8_t>(bits));
  } else if (value >= std::numeric_limits<int16_t>::min()) {
    put(out_, 0xD1, static_cast<uint16_t>(bits));
  } else if (value >= std::numeric_limits<int32_t>::min()) {
    put(out_, 0xD2, static_cast<uint32_t>(bits));
  } else {
    put(out_, 0xD3, bits);
  }
}

void Writer::integer(uint64_t value) {
  if (value < 0x80) {
    out_.put(static_cast<uint8_t>(value));
  } else if (value <= 0xFF) {
    put(out_, 0xCC, static_cast<uint8_t>(value));
  } else if (value <= 0xFFFF) {
    put(out_, 0xCD, static_cast<uint16_t>(value));
  } else if (value <= 0xFFFFFFFF) {
    put(out_, 0xCE, static_cast<uint32_t>(value));
  } else {
    put(out_, 0xCF, value);
  }
}

void Writer::text(std::string_view value) {
  const uint32_t length = checked_length(value.size());
  if (length < 32) {
    out_.put(static_cast<uint8_t>(0xA0 | length));
  } else if (length <= 0xFF) {
    put(out_, 0xD9, static_cast<uint8_t>(length));
  } else if (length <= 0xFFFF) {
    put(out_, 0xDA, static_cast<uint16_t>(length));
  } else {
    put(out_, 0xDB, length);
  }
  out_.put_text(value);
}

void Writer::binary(Bytes value) {
  const uint32_t length = checked_length(value.size());
  if (length <= 0xFF) {
    put(out_, 0xC4, static_cast<uint8_t>(length));
  } else if (length <= 0xFFFF) {
    put(out_, 0xC5, static_cast<uint16_t>(length));
  } else {
    put(out_, 0xC6, length);
  }
  out_.put_bytes(value);
}

void Writer::array(uint32_t count) {
  if (count < 16) {
    out_.put(static_cast<uint8_t>(0x90 | count));
  } else if (count <= 0xFFFF) {
    put(out_, 0xDC, static_cast<uint16_t>(count));
  } else {
    put(out_, 0xDD, count);
  }
}

void Writer::map(uint32_t count) {
  if (count < 16) {
    out_.put(static_cast<uint8_t>(0x80 | count));
  } else if (count <= 0xFFFF) {
    put(out_, 0xDE, static_cast<uint16_t>(count));
  } else {
    put(out_, 0xDF, count);
  }
}

const uint8_t* Value::skip(const uint8_t* at, const uint8_t* end) noexcept {
  // No recursion, so that no nesting can exhaust the stack. Every head takes a byte and its count
  // fits the bytes behind it, so the sum cannot overflow.
  uint64_t pending = 1;
  while (pending != 0) {
    Value value;
    if (!read(at, end, value)) return nullptr;
    --pending;
    at = value.body_;
    switch (value.kind_) {
      case Kind::kText:
      case Kind::kBinary:
        at += value.count_;
        break;
      case Kind::kArray:
        pending += value.count_;
        break;
      case Kind::kMap:
        pending += uint64_t{value.count_} * 2;
        break;
      default:
        break;
    }
  }
  return at;
}

std::optional<uint64_t> Value::whole() const noexcept {
  constexpr double k2p53 = 9007199254740992.0;
  if (kind_ != Kind::kNumber || !(number_ >= 0 && number_ <= k2p53)) return std::nullopt;
  const auto result = static_cast<uint64_t>(number_);
  if (static_cast<double>(result) != number_) return std::nullopt;
  return result;
}

std::optional<Value> Value::find(std::string_view key) const noexcept {
  for (const Entry& entry : entries()) {
    if (entry.key == key) return entry.value;
  }
  return std::nullopt;
}

std::optional<Value> Value::find_path(std::string_view path) const noexcept {
  Value map = *this;
  while (true) {
    const size_t dot = path.find('.');
    if (dot == std::string_view::npos) return map.find(path);
    const std::string_view head = path.substr(0, dot);
    std::optional<Value> inner;
    for (const Entry& entry : map.entries()) {
      if (entry.key == path) return entry.value;
      if (entry.key == head) inner = entry.value;
    }
    if (!inner) return std::nullopt;
    map = *inner;
    path.remove_prefix(dot + 1);
  }
}

Bytes Value::bytes() const noexcept {
  if (begin_ == nullptr) return {};
  const uint8_t* const after = next();
  return {begin_, after == nullptr ? end_ : after};
}

Expected<void> validate(Bytes bytes, std::string_view what, Code code) {
  Validator validator(bytes);
  if (validator.value(0) && validator.at_end()) return {};
  return Error{code, std::string(what) + ' ' + validator.problem()};
}

Buffer merge_maps(Bytes base, Bytes patch) {
  const Value old_map(base);
  const Value new_map(patch);
  std::unordered_map<std::string_view, Value> changes;
  changes.reserve(new_map.size());
  for (const Entry& entry : new_map.entries()) changes.emplace(entry.key, entry.value);

  Writer body;
  uint32_t count = 0;
  const auto put_entry = [&](std::string_view key, const Value& value) {
    body.text(key);
    body.encoded(value.bytes());
    ++count;
  };
  for (const Entry& entry : old_map.entries()) {
    const auto change = changes.find(entry.key);
    put_entry(entry.key, change == changes.end() ? entry.value : change->second);
    // What is left afterwards are the new keys.
    if (change != changes.end()) changes.erase(change);
  }
  for (const Entry& entry : new_map.entries()) {
    if (changes.erase(entry.key) != 0) put_entry(entry.key, entry.value);
  }

  Writer result;
  result.map(count);
  result.encoded(body.take());
  return result.take();
}

}  // namespace quiver::msgpack
