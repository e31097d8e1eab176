#include "engine/row_source.h"

namespace quiver::engine {

bool id_before(const RowRef& a, const RowRef& b) {
  std::string a_scratch;
  std::string b_scratch;
  const auto a_id = a.source->id(a.row, a_scratch);
  const auto b_id = b.source->id(b.row, b_scratch);
  return (a_id ? *a_id : std::string_view()) < (b_id ? *b_id : std::string_view());
}

}  // namespace quiver::engine
