#pragma once

#include <cstdint>

/// How the metadata of a segment's rows are laid out; docs/format.md. The numbers are stored: never
/// renumber.
namespace quiver::column {

/// The parts that metadata are written in.
inline constexpr uint32_t kDirectoryPart = 0;
inline constexpr uint32_t kShapesPart = 1;
/// Of field f: the values, then which of them each row has (where that is not row i the value i).
constexpr uint32_t values_part(uint32_t field) { return 2 + 2 * field; }
constexpr uint32_t codes_part(uint32_t field) { return 3 + 2 * field; }

/// Rows whose keys are like few others' keep their whole map, as if it were this field's value.
inline constexpr uint32_t kMaxFields = 256;
inline constexpr uint32_t kRestField = kMaxFields;
inline constexpr uint32_t kMaxShapes = 256;
inline constexpr uint32_t kParts = codes_part(kRestField) + 1;

/// How a field's values are kept.
enum class FieldKind : uint32_t {
  kNone = 0,      // there are no values
  kIntegers = 1,  // packed numbers, 2^63 above the value; one a row
  kDoubles = 2,   // f64; one a row
  kUnique = 3,    // values; one a row
  kCoded = 4,     // values, and a packed number a row
};

/// Added to integers, so that their order is that of unsigned numbers.
inline constexpr uint64_t kIntegerBias = uint64_t{1} << 63;

}  // namespace quiver::column
