#pragma once

#include <cstddef>
#include <vector>

namespace quiver {

/// Of memory that is kept from call to call: whether it holds on to so much more than the `needed`
/// elements that it is better made anew. Making it costs less than whatever needed it all.
template <typename T>
bool is_wasteful(const std::vector<T>& scratch, size_t needed) {
  constexpr size_t kSmall = size_t{1} << 20;
  return scratch.capacity() > kSmall / sizeof(T) && scratch.capacity() / 16 > needed;
}

/// Frees it in that case.
template <typename T>
void free_if_wasteful(std::vector<T>& scratch, size_t needed) {
  if (is_wasteful(scratch, needed)) std::vector<T>().swap(scratch);
}

}  // namespace quiver
