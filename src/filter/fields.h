#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/msgpack.h"

namespace quiver::filter {

/// The metadata of one row, as a filter sees them.
class Fields {
 public:
  virtual ~Fields() = default;

  /// The encoded MessagePack value under a key of the outermost map, if there is one. Valid until
  /// the next call.
  virtual std::optional<Bytes> find(std::string_view key) = 0;
};

/// As msgpack::Value::find_path, with the outermost map behind an interface. Valid as long as what
/// find() gives.
inline std::optional<msgpack::Value> find_path(Fields& fields, std::string_view path) {
  if (const auto whole = fields.find(path)) return msgpack::Value(*whole);
  const size_t dot = path.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto outer = fields.find(path.substr(0, dot));
  return outer ? msgpack::Value(*outer).find_path(path.substr(dot + 1)) : std::nullopt;
}

}  // namespace quiver::filter
