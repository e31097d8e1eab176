#include "filter/filter.h"

#include <utility>

#include "filter/ast.h"
#include "filter/evaluate.h"
#include "filter/parse.h"

namespace quiver::filter {

Filter::Filter(std::shared_ptr<const Node> root) noexcept : root_(std::move(root)) {}

Expected<Filter> Filter::parse(Bytes msgpack_map) {
  Expected<Node> root = parse_filter(msgpack_map);
  if (!root) return std::move(root).error();
  return Filter(std::make_shared<const Node>(*std::move(root)));
}

bool Filter::matches(Bytes metadata) const noexcept {
  return evaluate(*root_, msgpack::Value(metadata));
}

}  // namespace quiver::filter
