#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/msgpack.h"

namespace quiver::filter {

struct LiteralEntry;

/// A value out of a filter, taken apart once so that comparing it with metadata allocates nothing.
struct Literal {
  /// Copies `value`, which msgpack::validate has to have passed: that bounds the recursion.
  static Literal from(const msgpack::Value& value);

  msgpack::Kind kind = msgpack::Kind::kNil;
  bool boolean = false;
  double number = 0;
  /// Text or binary.
  std::string text;
  std::vector<Literal> elements;
  /// In the order of their keys.
  std::vector<LiteralEntry> entries;
};

struct LiteralEntry {
  std::string key;
  Literal value;
};

/// Deep equality. Numbers compare as doubles, so that NaN equals nothing; the order of map keys
/// does not matter.
[[nodiscard]] bool equals(const Literal& literal, const msgpack::Value& value) noexcept;

/// Literals of which a value is to equal any.
class LiteralSet {
 public:
  void insert(Literal literal);

  [[nodiscard]] bool contains(const msgpack::Value& value) const noexcept;

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct NumberHash {
    size_t operator()(double number) const noexcept { return std::hash<double>{}(number); }
  };

  std::unordered_set<std::string, TextHash, std::equal_to<>> texts_;
  std::unordered_set<double, NumberHash> numbers_;
  /// Null, booleans, binary, arrays and maps: rare, so each is compared in turn.
  std::vector<Literal> others_;
};

}  // namespace quiver::filter
