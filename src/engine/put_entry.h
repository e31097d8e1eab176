#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "base/msgpack.h"

namespace quiver::engine {

// Entries of a map in what an index tells of itself (docs/engine-messages.md): a name and a value.

inline double milliseconds(std::chrono::duration<double, std::milli> time) { return time.count(); }

template <std::unsigned_integral Number>
requires(!std::same_as<Number, bool>) void put(msgpack::Writer& writer, std::string_view name,
                                               Number value) {
  writer.text(name);
  writer.integer(uint64_t{value});
}

inline void put(msgpack::Writer& writer, std::string_view name, double value) {
  writer.text(name);
  writer.number(value);
}

inline void put(msgpack::Writer& writer, std::string_view name, std::chrono::nanoseconds time) {
  put(writer, name, milliseconds(time));
}

inline void put(msgpack::Writer& writer, std::string_view name, std::string_view value) {
  writer.text(name);
  writer.text(value);
}

/// nil for 0, which stands for what nobody chose or knows.
inline void put_unless_0(msgpack::Writer& writer, std::string_view name, uint32_t value) {
  if (value != 0) return put(writer, name, value);
  writer.text(name);
  writer.nil();
}

}  // namespace quiver::engine
