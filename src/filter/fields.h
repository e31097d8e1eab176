#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace quiver::filter {

/// The metadata of one row, as a filter sees them.
class Fields {
 public:
  virtual ~Fields() = default;

  /// The encoded MessagePack value under a key of the outermost map, if there is one. Valid until
  /// the next call.
  virtual std::optional<Bytes> find(std::string_view key) = 0;
};

}  // namespace quiver::filter
