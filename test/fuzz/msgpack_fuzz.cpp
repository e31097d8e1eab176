// Input: bytes that may be MessagePack.
#include <cstring>

#include "base/msgpack.h"
#include "support/allocation_limit.h"
#include "support/require.h"

using namespace quiver;
using msgpack::Kind;
using msgpack::Value;

namespace {

/// What a reader may not do with bytes of any kind: this visits everything that seems to be there.
size_t visit(const Value& value, int depth, size_t& left) {
  if (left == 0 || depth > 200) return 0;
  --left;
  size_t sum = value.text().size() + value.binary().size() + (value.boolean() ? 1 : 0);
  for (const char c : value.text()) sum += static_cast<uint8_t>(c);
  for (const uint8_t byte : value.binary()) sum += byte;
  sum += value.whole().value_or(0) + value.bytes().size();
  for (const Value element : value.elements()) sum += visit(element, depth + 1, left);
  for (const msgpack::Entry& entry : value.entries()) {
    sum += entry.key.size() + visit(entry.value, depth + 1, left);
  }
  return sum;
}

void write(const Value& value, msgpack::Writer& writer) {
  switch (value.kind()) {
    case Kind::kNil:
      return writer.nil();
    case Kind::kBoolean:
      return writer.boolean(value.boolean());
    case Kind::kNumber:
      return writer.number(value.number());
    case Kind::kText:
      return writer.text(value.text());
    case Kind::kBinary:
      return writer.binary(value.binary());
    case Kind::kArray:
      writer.array(static_cast<uint32_t>(value.size()));
      for (const Value element : value.elements()) write(element, writer);
      return;
    case Kind::kMap:
      writer.map(static_cast<uint32_t>(value.size()));
      for (const msgpack::Entry& entry : value.entries()) {
        writer.text(entry.key);
        write(entry.value, writer);
      }
  }
}

bool same(const Value& a, const Value& b) {
  if (a.kind() != b.kind() || a.size() != b.size() || a.boolean() != b.boolean() ||
      a.text() != b.text() || as_text(a.binary()) != as_text(b.binary())) {
    return false;
  }
  const double x = a.number();
  const double y = b.number();
  const bool both_nan = x != x && y != y;
  if (!both_nan && std::memcmp(&x, &y, sizeof(x)) != 0) return false;
  auto element = b.elements().begin();
  for (const Value ours : a.elements()) {
    if (!same(ours, *element)) return false;
    ++element;
  }
  auto entry = b.entries().begin();
  for (const msgpack::Entry& ours : a.entries()) {
    if (ours.key != entry->key || !same(ours.value, entry->value)) return false;
    ++entry;
  }
  return true;
}

void check_merged(Bytes bytes) {
  const Value map(bytes);
  const Buffer merged = msgpack::merge_maps(bytes, bytes);
  fuzz::require(same(map, Value(merged)), "a map merged with itself is itself");
  for (const msgpack::Entry& entry : map.entries()) {
    const auto found = map.find(entry.key);
    fuzz::require(found && same(*found, entry.value), "each key of a map is found");
    fuzz::require(map.find_path(entry.key).has_value(), "a key is a path");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  const Bytes bytes(data, size);
  const Value value(bytes);
  size_t left = 100000;
  (void)visit(value, 0, left);
  (void)value.find("a");
  (void)value.find_path("a.b.c");
  (void)msgpack::merge_maps(bytes, {});
  if (!msgpack::validate(bytes, "The input")) return 0;
  fuzz::require(value.bytes().size() == size, "a valid value is all of the input");
  msgpack::Writer writer;
  write(value, writer);
  const Buffer written = writer.take();
  fuzz::require(static_cast<bool>(msgpack::validate(written, "What was written")),
                "what is written is valid");
  fuzz::require(same(value, Value(written)), "what is written reads the same");
  if (value.is(Kind::kMap)) check_merged(bytes);
  return 0;
}
