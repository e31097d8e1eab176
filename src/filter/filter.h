#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/expected.h"
#include "filter/columns.h"
#include "filter/fields.h"

namespace quiver::filter {

struct Node;

/// How deep filters may stand within filters ($and, $or, $not), counting the outermost as 1.
inline constexpr int kMaxDepth = 32;

/// A condition on metadata in MongoDB's form: a map whose entries all have to hold.
///
///     { year: { $gte: 2000, $lt: 2010 }, $or: [{ tag: "a" }, { "author.name": { $ne: null } }] }
///
/// A key without $ is a field. The key itself is looked up first; a dotted one then leads into
/// nested maps (msgpack::Value::find_path). Its value is
///
/// | value               | holds when                                                            |
/// | ------------------- | --------------------------------------------------------------------- |
/// | scalar, array       | as `{ $eq: value }`                                                   |
/// | map without $ keys  | as `{ $eq: value }`; the empty map too                                |
/// | map of $ keys       | every operator holds                                                  |
/// | map with both       | refused                                                               |
///
/// | operator, operand   | holds when                                                            |
/// | ------------------- | --------------------------------------------------------------------- |
/// | $eq any             | the field equals it, or is an array with an element that does;        |
/// |                     | null also equals a missing field                                      |
/// | $ne any             | $eq does not hold (so a missing field is not equal to "x")            |
/// | $gt $gte $lt $lte   | number against number or string against string (by bytes, which is    |
/// |  number or string   | code point order), of the field or of any element of its array; never |
/// |                     | for other types or a missing field                                    |
/// | $in array           | $eq holds for any element of the operand; never for []                |
/// | $nin array          | $in does not hold; always for []                                      |
/// | $exists boolean     | the field is there (null counts), or is not there for false           |
/// | $contains any       | the field is an array with an equal element, or a string with the     |
/// |                     | operand, a string, in it                                              |
/// | $not operators      | not all of the operators hold (also when the field is missing)        |
/// | $not filter         | outside of a field: the filter does not hold                          |
/// | $and array          | outside of a field: every filter in it holds; always for []           |
/// | $or array           | outside of a field: any filter in it holds; never for []              |
///
/// Equality is deep, ignores the order of map keys, and never crosses types. Numbers compare as
/// doubles: 1 equals 1.0, -0 equals 0, NaN equals nothing and has no order.
///
/// Immutable: copies share one tree, and any number of threads may match at once.
class Filter {
 public:
  /// Reads a filter from one MessagePack map, which may be untrusted. Fails with kInvalidFilter:
  /// malformed bytes, unknown operator, operand of the wrong type (naming operator and field),
  /// operators mixed with fields, too deep.
  static Expected<Filter> parse(Bytes msgpack_map);

  /// Whether a row's metadata fulfil the filter. Values that are not well-formed read as null.
  [[nodiscard]] bool matches(Fields& metadata) const;

  /// What it was read from.
  [[nodiscard]] Bytes encoded() const { return *encoded_; }

  /// What of it columns can answer.
  [[nodiscard]] Indexed indexed_of(const Columns& columns) const;
  /// The rows whose metadata fulfil that. CORRUPT_FILE if what has to be read is not sound.
  [[nodiscard]] Expected<Bitmap> select(Columns& columns) const;
  /// Whether that looks at few values.
  [[nodiscard]] bool selects_quickly(const Columns& columns) const;

  /// The same for one MessagePack map; bytes that are no map count as the empty map.
  [[nodiscard]] bool matches(Bytes metadata) const;

 private:
  Filter(std::shared_ptr<const Node> root, Bytes encoded);

  std::shared_ptr<const Node> root_;
  std::shared_ptr<const Buffer> encoded_;
};

}  // namespace quiver::filter
