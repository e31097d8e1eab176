#include "filter/filter.h"

#include <utility>

#include "base/msgpack.h"
#include "filter/ast.h"
#include "filter/evaluate.h"
#include "filter/parse.h"
#include "filter/select.h"

namespace quiver::filter {
namespace {

class MapFields final : public Fields {
 public:
  explicit MapFields(Bytes map) : map_(map) {}

  std::optional<Bytes> find(std::string_view key) override {
    const auto value = map_.find(key);
    return value ? std::optional<Bytes>(value->bytes()) : std::nullopt;
  }

 private:
  msgpack::Value map_;
};

}  // namespace

Filter::Filter(std::shared_ptr<const Node> root, Bytes encoded)
    : root_(std::move(root)),
      encoded_(std::make_shared<const Buffer>(encoded.begin(), encoded.end())) {}

Expected<Filter> Filter::parse(Bytes msgpack_map) {
  Expected<Node> root = parse_filter(msgpack_map);
  if (!root) return std::move(root).error();
  return Filter(std::make_shared<const Node>(*std::move(root)), msgpack_map);
}

bool Filter::matches(Fields& metadata) const { return evaluate(*root_, metadata); }

Indexed Filter::indexed_of(const Columns& columns) const {
  return filter::indexed_of(*root_, columns);
}

Expected<Bitmap> Filter::select(Columns& columns) const { return filter::select(*root_, columns); }

bool Filter::selects_quickly(const Columns& columns) const {
  return filter::selects_quickly(*root_, columns);
}

bool Filter::matches(Bytes metadata) const {
  MapFields fields(metadata);
  return matches(fields);
}

}  // namespace quiver::filter
