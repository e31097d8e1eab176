#include "column/metadata.h"

#include <cstring>

#include "base/msgpack.h"

namespace quiver::column {
namespace {

Error corrupt(std::string what) { return Error{Code::kCorruptFile, std::move(what)}; }

}  // namespace

Expected<Metadata::Field> Metadata::read_field(uint32_t rows, FieldKind kind, uint32_t number,
                                               const PartOf& part_of, BlockCache& cache) {
  Field field;
  field.kind = kind;
  if (kind == FieldKind::kNone) return field;
  const auto section = part_of(values_part(number));
  if (!section) return section.error();
  ByteReader reader(*section, "a column of metadata");
  const auto read_packed = [rows](ByteReader& from) -> Expected<PackedNumbers> {
    auto numbers = PackedNumbers::read(from);
    if (numbers && (numbers->size() != rows || from.remaining() != 0)) {
      return corrupt("a column of metadata has not one number a row");
    }
    return numbers;
  };
  switch (kind) {
    case FieldKind::kIntegers: {
      auto integers = read_packed(reader);
      if (!integers) return integers.error();
      field.integers = *integers;
      return field;
    }
    case FieldKind::kDoubles:
      if (section->size() != uint64_t{rows} * sizeof(double)) {
        return corrupt("a column of metadata has not one number a row");
      }
      field.doubles = section->data();
      return field;
    case FieldKind::kUnique:
    case FieldKind::kCoded: {
      auto values = Values::read(*section, cache);
      if (!values) return values.error();
      field.values = *values;
      if (kind == FieldKind::kUnique) return field;
      const auto codes = part_of(codes_part(number));
      if (!codes) return codes.error();
      ByteReader codes_reader(*codes, "a column of metadata");
      auto packed = read_packed(codes_reader);
      if (!packed) return packed.error();
      field.codes = *packed;
      return field;
    }
    default:
      return corrupt("a column of metadata is of an unknown kind");
  }
}

Expected<Metadata> Metadata::read(uint32_t rows, const PartOf& part_of, BlockCache& cache) {
  struct Header {
    uint32_t rows, fields, shapes;
    FieldKind rest;
  };
  Metadata metadata;
  metadata.rows_ = rows;
  const auto directory = part_of(kDirectoryPart);
  if (!directory) return directory.error();
  ByteReader reader(*directory, "the directory of metadata");
  const auto header = reader.get<Header>();
  if (!header) return header.error();
  if (header->rows != rows || header->fields > kMaxFields || header->shapes > kMaxShapes) {
    return corrupt("the directory of metadata is not that of the segment");
  }
  auto rest = read_field(rows, header->rest, kRestField, part_of, cache);
  if (!rest) return rest.error();
  metadata.rest_ = std::move(*rest);
  for (uint32_t number = 0; number < header->fields; ++number) {
    const auto kind = reader.get<FieldKind>();
    const auto length = reader.get<uint32_t>();
    if (!kind || !length) return corrupt("the directory of metadata is cut off");
    const auto name = reader.get_bytes(*length);
    if (!name) return name.error();
    auto field = read_field(rows, *kind, number, part_of, cache);
    if (!field) return field.error();
    msgpack::Writer encoded;
    encoded.text(as_text(*name));
    field->encoded_name = encoded.take();
    metadata.fields_.push_back(std::move(*field));
    if (!metadata.field_by_name_.emplace(as_text(*name), number).second) {
      return corrupt("the directory of metadata names a field twice");
    }
  }
  for (uint32_t i = 0; i < header->shapes; ++i) {
    const auto count = reader.get<uint32_t>();
    if (!count || *count > header->fields) return corrupt("a shape of metadata is not sound");
    Shape shape{{}, std::vector<bool>(header->fields)};
    for (uint32_t j = 0; j < *count; ++j) {
      const auto field = reader.get<uint32_t>();
      if (!field || *field >= header->fields || shape.has[*field]) {
        return corrupt("a shape of metadata is not sound");
      }
      shape.fields.push_back(*field);
      shape.has[*field] = true;
    }
    metadata.shapes_.push_back(std::move(shape));
  }
  if (reader.remaining() != 0) return corrupt("bytes follow the directory of metadata");
  const auto of_row = part_of(kShapesPart);
  if (!of_row) return of_row.error();
  ByteReader of_row_reader(*of_row, "the shapes of metadata");
  auto packed = PackedNumbers::read(of_row_reader);
  if (!packed) return packed.error();
  if (packed->size() != rows || of_row_reader.remaining() != 0) {
    return corrupt("metadata have not one shape a row");
  }
  metadata.shape_of_row_ = *packed;
  return metadata;
}

/// Null where the row has its whole map.
Expected<const Metadata::Shape*> Metadata::shape_of(uint32_t row) const {
  if (row >= rows_) return corrupt("a row has no metadata");
  const uint64_t number = shape_of_row_[row];
  if (number == 0) return static_cast<const Shape*>(nullptr);
  if (number > shapes_.size()) return corrupt("a shape of metadata is missing");
  return &shapes_[static_cast<size_t>(number - 1)];
}

/// Of a column of integers.
double Metadata::integer(const Field& field, uint32_t row) {
  return static_cast<double>(static_cast<int64_t>(field.integers[row] - kIntegerBias));
}

/// Of a column of doubles.
double Metadata::number(const Field& field, uint32_t row) {
  double number = 0;
  std::memcpy(&number, field.doubles + size_t{row} * sizeof(number), sizeof(number));
  return number;
}

Expected<Bytes> Metadata::value(const Field& field, uint32_t row, Scratch& scratch) {
  switch (field.kind) {
    case FieldKind::kIntegers:
    case FieldKind::kDoubles: {
      msgpack::Writer writer;
      writer.number(field.kind == FieldKind::kDoubles ? number(field, row) : integer(field, row));
      scratch.buffer = writer.take();
      return Bytes(scratch.buffer);
    }
    case FieldKind::kUnique:
    case FieldKind::kCoded: {
      const uint64_t code = field.kind == FieldKind::kUnique ? row : field.codes[row];
      if (code >= field.values.size()) return corrupt("a value of metadata is missing");
      auto found = field.values.get(static_cast<uint32_t>(code));
      if (!found) return found.error();
      scratch.block = std::move(found->block);
      return found->bytes;
    }
    case FieldKind::kNone:
      break;
  }
  return corrupt("a column of metadata is missing");
}

Expected<Bytes> Metadata::map(uint32_t row, Scratch& scratch) const {
  const auto shape = shape_of(row);
  if (!shape) return shape.error();
  if (*shape == nullptr) return value(rest_, row, scratch);
  msgpack::Writer writer;
  writer.map(static_cast<uint32_t>((*shape)->fields.size()));
  for (const uint32_t number : (*shape)->fields) {
    writer.encoded(fields_[number].encoded_name);
    const auto encoded = value(fields_[number], row, scratch);
    if (!encoded) return encoded.error();
    writer.encoded(*encoded);
  }
  scratch.buffer = writer.take();
  return Bytes(scratch.buffer);
}

Expected<std::optional<Bytes>> Metadata::field(uint32_t row, std::string_view key,
                                               Scratch& scratch) const {
  const auto shape = shape_of(row);
  if (!shape) return shape.error();
  if (*shape == nullptr) {
    const auto map = value(rest_, row, scratch);
    if (!map) return map.error();
    const auto found = msgpack::Value(*map).find(key);
    return found ? std::optional<Bytes>(found->bytes()) : std::nullopt;
  }
  const auto entry = field_by_name_.find(std::string(key));
  if (entry == field_by_name_.end() || !(*shape)->has[entry->second]) {
    return std::optional<Bytes>();
  }
  const auto encoded = value(fields_[entry->second], row, scratch);
  if (!encoded) return encoded.error();
  return std::optional<Bytes>(*encoded);
}

}  // namespace quiver::column
