#include "engine/row_source.h"

#include <algorithm>
#include <cmath>

namespace quiver::engine {

bool id_before(const RowRef& a, const RowRef& b) {
  std::string a_scratch;
  std::string b_scratch;
  const auto a_id = a.source->id(a.row, a_scratch);
  const auto b_id = b.source->id(b.row, b_scratch);
  return (a_id ? *a_id : std::string_view()) < (b_id ? *b_id : std::string_view());
}

bool is_finite(const float* vector, uint32_t dim) {
  return std::all_of(vector, vector + dim, [](float x) { return std::isfinite(x); });
}

}  // namespace quiver::engine
