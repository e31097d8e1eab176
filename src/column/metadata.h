#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bitmap.h"
#include "base/bytes.h"
#include "base/expected.h"
#include "base/msgpack.h"
#include "column/block_cache.h"
#include "column/metadata_parts.h"
#include "column/packed_numbers.h"
#include "column/value_test.h"
#include "column/values.h"

namespace quiver::column {

/// Memory that values are put together in.
struct Scratch {
  Buffer buffer;
  std::shared_ptr<const Buffer> block;
  std::vector<Value> found;
};

/// What MetadataWriter wrote, read in place. Borrowed memory. Threads: any.
class Metadata {
 public:
  /// Gives a part; one that is not there is an error.
  using PartOf = std::function<Expected<Bytes>(uint32_t part)>;

  Metadata() = default;

  /// Checks what leads to the values, O(fields · shapes); CORRUPT_FILE otherwise. The cache
  /// outlives the object.
  static Expected<Metadata> read(uint32_t rows, const PartOf& part_of, BlockCache& cache);

  /// The row's map, valid as long as `scratch` is not used again. CORRUPT_FILE where the bytes are
  /// not sound.
  Expected<Bytes> map(uint32_t row, Scratch& scratch) const;

  /// Asks for what leads to the row's map, and then for its columns, before it is read. `row` may
  /// be none.
  void prefetch_place(uint32_t row) const {
    if (row < rows_) shape_of_row_.prefetch(row);
  }
  void prefetch(uint32_t row) const;

  /// The encoded value under `key` in the row's map, if it is there; as map() otherwise.
  Expected<std::optional<Bytes>> field(uint32_t row, std::string_view key, Scratch& scratch) const;

  /// The rows whose value under a key, or at a path with dots in it (as msgpack::Value::find_path),
  /// has the test's yes. A value that many rows share is asked about once. CORRUPT_FILE as map().
  [[nodiscard]] Expected<Bitmap> select(std::string_view path, const ValueTest& test) const;
  /// Whether that takes some nanoseconds a row: not where most rows have a text of their own.
  [[nodiscard]] bool selects_quickly(std::string_view path) const;

 private:
  class ColumnTest;

  struct Field {
    FieldKind kind = FieldKind::kNone;
    Buffer encoded_name;
    PackedNumbers integers;
    const uint8_t* doubles = nullptr;
    Values values;
    PackedNumbers codes;
  };
  struct Shape {
    std::vector<uint32_t> fields;  // in the order of the keys
    std::vector<bool> has;         // by field
  };

  static Expected<Field> read_field(uint32_t rows, FieldKind kind, uint32_t number,
                                    const PartOf& part_of, BlockCache& cache);
  [[nodiscard]] Expected<const Shape*> shape_of(uint32_t row) const;
  static bool is_numeric(const Field& field);
  static void append_number(const Field& field, uint32_t row, msgpack::Writer& writer);
  static Expected<Value> stored(const Field& field, uint32_t row);
  static Expected<Bytes> value(const Field& field, uint32_t row, Scratch& scratch);
  static double integer(const Field& field, uint32_t row);
  static double number(const Field& field, uint32_t row);

  uint32_t rows_ = 0;
  PackedNumbers shape_of_row_;
  std::vector<Field> fields_;
  std::unordered_map<std::string, uint32_t> field_by_name_;
  std::vector<Shape> shapes_;
  Field rest_;
};

}  // namespace quiver::column
