#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace quiver::fuzz {

/// Ends the program, which libFuzzer reports as a finding together with the input.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "Violated: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace quiver::fuzz
