#include "column/packed_numbers.h"

#include <algorithm>

namespace quiver::column {
namespace {

struct Header {
  uint64_t base;
  uint32_t count;
  uint32_t width;
};
static_assert(sizeof(Header) == 16);

}  // namespace

uint32_t packed_width(uint64_t range) {
  if (range == 0) return 0;
  if (range <= 0xFF) return 1;
  if (range <= 0xFFFF) return 2;
  return range <= 0xFFFFFFFF ? 4 : 8;
}

Expected<PackedNumbers> PackedNumbers::read(ByteReader& reader) {
  const auto header = reader.get<Header>();
  if (!header) return header.error();
  const uint32_t width = header->width;
  if (width != 0 && width != 1 && width != 2 && width != 4 && width != 8) {
    return Error{Code::kCorruptFile, "numbers of " + std::to_string(width) + " bytes"};
  }
  const auto values = reader.get_bytes(uint64_t{header->count} * width);
  if (!values) return values.error();
  PackedNumbers numbers;
  numbers.values_ = values->data();
  numbers.base_ = header->base;
  numbers.count_ = header->count;
  numbers.width_ = width;
  return numbers;
}

uint32_t PackedNumbers::last_not_above(uint64_t number) const {
  uint32_t first = 0;
  uint32_t count = count_;
  while (count > 1) {
    const uint32_t half = count / 2;
    if ((*this)[first + half] <= number) {
      first += half;
      count -= half;
    } else {
      count = half;
    }
  }
  return first;
}

void append_packed(std::span<const uint64_t> numbers, ByteWriter& out) {
  uint64_t least = 0;
  uint64_t greatest = 0;
  if (!numbers.empty()) {
    const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
    least = *low;
    greatest = *high;
  }
  const uint32_t width = packed_width(greatest - least);
  out.put(Header{least, static_cast<uint32_t>(numbers.size()), width});
  out.buffer().reserve(out.size() + numbers.size() * width);
  for (const uint64_t number : numbers) {
    const uint64_t distance = number - least;
    out.put_bytes({reinterpret_cast<const uint8_t*>(&distance), width});
  }
}

}  // namespace quiver::column
