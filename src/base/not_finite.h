#pragma once

#include <cmath>
#include <string>

namespace quiver {

/// The text of a number that is none or infinite. std::to_string would bring the printing of all
/// others with it, which a module for browsers has no other use for.
inline std::string text_of_not_finite(float number) {
  if (std::isnan(number)) return "nan";
  return number > 0 ? "inf" : "-inf";
}

}  // namespace quiver
