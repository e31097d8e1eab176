#include "engine/group_key.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace quiver::engine {
namespace {

using msgpack::Kind;
using msgpack::Value;

template <typename T>
void put(std::string& key, T number) {
  static_assert(std::is_trivially_copyable_v<T>);
  key.append(reinterpret_cast<const char*>(&number), sizeof(T));
}

void put_sized(std::string& key, std::string_view text) {
  put(key, static_cast<uint32_t>(text.size()));
  key += text;
}

void put_value(std::string& key, const Value& value, int depth) {
  const Kind kind = depth > msgpack::kMaxDepth ? Kind::kNil : value.kind();
  put(key, static_cast<uint8_t>(kind));
  switch (kind) {
    case Kind::kNil:
      return;
    case Kind::kBoolean:
      return put(key, value.boolean());
    case Kind::kNumber:
      return put(key, value.number() == 0 ? 0.0 : value.number());
    case Kind::kText:
      return put_sized(key, value.text());
    case Kind::kBinary:
      return put_sized(key, as_text(value.binary()));
    case Kind::kArray:
      put(key, static_cast<uint32_t>(value.size()));
      for (const Value& element : value.elements()) put_value(key, element, depth + 1);
      return;
    case Kind::kMap: {
      put(key, static_cast<uint32_t>(value.size()));
      std::vector<std::pair<std::string_view, Value>> entries;
      for (const msgpack::Entry& entry : value.entries()) {
        entries.emplace_back(entry.key, entry.value);
      }
      std::sort(entries.begin(), entries.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
      for (const auto& [name, inner] : entries) {
        put_sized(key, name);
        put_value(key, inner, depth + 1);
      }
      return;
    }
  }
}

}  // namespace

std::string group_key(const std::optional<Value>& value) {
  std::string key;
  put_value(key, value.value_or(Value()), 0);
  return key;
}

}  // namespace quiver::engine
