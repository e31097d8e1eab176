#pragma once

#include <string.h>

#include "kernel/table.h"

namespace quiver::kernel {
namespace {

/// The estimate of a squared distance as the bits of a float, from the sum of the query's levels
/// where the code of signs has a bit. What is no number, as damaged codes give it, is farthest; the
/// bits of one would depend on the machine. RaBitQ, Gao & Long 2024, §3.2.
inline uint32_t estimate(const uint8_t* query, const uint8_t* code, size_t bytes, uint32_t sum) {
  SignsQuery of_query;
  SignsEnd of_code;
  memcpy(&of_query, query, sizeof(of_query));
  memcpy(&of_code, code + bytes - sizeof(of_code), sizeof(of_code));
  // +1 where there is a bit, else -1, times the level: twice the sum, less that of all levels.
  const int32_t product = 2 * static_cast<int32_t>(sum) - of_query.levels;
  const float along = of_code.slope * (of_query.step * static_cast<float>(product));
  const float distance = (of_code.squared + of_query.squared) - along;
  constexpr uint32_t kInfinity = 0x7F80'0000;
  if (!(distance > 0.0F)) return distance <= 0.0F ? 0 : kInfinity;
  uint32_t bits;
  memcpy(&bits, &distance, sizeof(bits));
  return bits;
}

}  // namespace
}  // namespace quiver::kernel
