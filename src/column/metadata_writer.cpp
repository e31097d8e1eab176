#include "column/metadata_writer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/msgpack.h"
#include "base/varint.h"
#include "column/metadata_parts.h"
#include "column/packed_numbers.h"
#include "column/values.h"

namespace quiver::column {
namespace {

using msgpack::Value;

constexpr uint32_t kNoShape = 0xFFFFFFFF;
/// Sequences of keys that are told apart while they are counted.
constexpr size_t kMaxCandidates = 4096;
/// A sequence of keys that brings new fields must be that of one row in so many.
constexpr uint64_t kRarest = 64;
/// Bytes of a field's values that are remembered to find the same one again.
constexpr size_t kRemembered = size_t{32} << 20;
/// So many different numbers are better kept once each.
constexpr size_t kFewNumbers = 256;

/// The keys of some rows, in order.
struct Shape {
  std::vector<std::string> keys;
  uint64_t rows = 0;
};

/// Which keys the rows have.
class Shapes {
 public:
  Expected<void> count(MetadataRows& rows) {
    of_row_.resize(rows.rows());
    std::string keys;
    for (uint32_t row = 0; row < rows.rows(); ++row) {
      const auto metadata = rows.metadata(row);
      if (!metadata) return metadata.error();
      of_row_[row] = candidate(Value(*metadata));
      if (of_row_[row] != kNoShape) ++candidates_[of_row_[row]].rows;
    }
    return {};
  }

  /// Keeps the shapes that pay; `fields` receives their keys.
  void choose() {
    std::vector<uint32_t> order(candidates_.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
      return candidates_[a].rows > candidates_[b].rows;
    });
    std::vector<uint32_t> number(candidates_.size(), kNoShape);
    for (const uint32_t i : order) {
      if (chosen_.size() == kMaxShapes) break;
      if (!fits(candidates_[i])) continue;
      number[i] = static_cast<uint32_t>(chosen_.size());
      std::vector<uint32_t>& shape = chosen_.emplace_back();
      for (const std::string& key : candidates_[i].keys) {
        const auto [entry, is_new] = fields_.try_emplace(key, static_cast<uint32_t>(names_.size()));
        if (is_new) names_.push_back(key);
        shape.push_back(entry->second);
      }
    }
    for (uint32_t& shape : of_row_) {
      if (shape != kNoShape) shape = number[shape];
    }
    has_field_.assign(chosen_.size(), std::vector<bool>(names_.size()));
    for (size_t shape = 0; shape < chosen_.size(); ++shape) {
      for (const uint32_t field : chosen_[shape]) has_field_[shape][field] = true;
    }
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::vector<std::vector<uint32_t>>& chosen() const { return chosen_; }
  [[nodiscard]] const std::vector<uint32_t>& of_row() const { return of_row_; }

  /// Whether the row has that field; as the field of the rest, whether it has no shape.
  [[nodiscard]] bool has(uint32_t row, uint32_t field) const {
    const uint32_t shape = of_row_[row];
    if (field == kRestField) return shape == kNoShape;
    return shape != kNoShape && has_field_[shape][field];
  }

 private:
  uint32_t candidate(const Value& map) {
    ByteWriter name;
    for (const msgpack::Entry& entry : map.entries()) {
      put_varint(name, entry.key.size());
      name.put_text(entry.key);
    }
    const std::string_view text = as_text(name.buffer());
    const auto known = by_keys_.find(std::string(text));
    if (known != by_keys_.end()) return known->second;
    if (candidates_.size() == kMaxCandidates) return kNoShape;
    const auto number = static_cast<uint32_t>(candidates_.size());
    Shape& shape = candidates_.emplace_back();
    for (const msgpack::Entry& entry : map.entries()) shape.keys.emplace_back(entry.key);
    by_keys_.emplace(text, number);
    return number;
  }

  [[nodiscard]] bool fits(const Shape& shape) const {
    const auto added = static_cast<size_t>(
        std::count_if(shape.keys.begin(), shape.keys.end(),
                      [this](const std::string& key) { return !fields_.contains(key); }));
    if (added == 0) return true;
    return shape.rows * kRarest >= of_row_.size() && names_.size() + added <= kMaxFields;
  }

  std::vector<Shape> candidates_;
  std::unordered_map<std::string, uint32_t> by_keys_;
  std::vector<uint32_t> of_row_;

  std::vector<std::string> names_;
  std::unordered_map<std::string, uint32_t> fields_;
  std::vector<std::vector<uint32_t>> chosen_;
  std::vector<std::vector<bool>> has_field_;
};

/// Writes one field.
class FieldWriter {
 public:
  FieldWriter(MetadataRows& rows, const Shapes& shapes, uint32_t field, PartSink& sink)
      : rows_(rows), shapes_(shapes), field_(field), sink_(sink) {}

  Expected<FieldKind> write() {
    const auto numbers = all_numbers();
    if (!numbers) return numbers.error();
    if (!*numbers || few_) return write_values();
    const bool whole = std::all_of(numbers_.begin(), numbers_.end(), is_whole);
    return whole ? write_integers() : write_doubles();
  }

 private:
  /// The field's value in a row that has it.
  Expected<Bytes> value(uint32_t row) {
    if (field_ == kRestField) return rows_.metadata(row);
    auto found = rows_.field(row, shapes_.names()[field_]);
    if (!found) return found.error();
    if (!*found) return Error{Code::kInternal, "A field of a row's metadata is gone"};
    return **found;
  }

  /// Whether every value is a number that can be encoded in one way only; collects them, and sees
  /// whether they are few different ones.
  Expected<bool> all_numbers() {
    if (field_ == kRestField) return false;
    std::unordered_map<uint64_t, bool> different;
    for (uint32_t row = 0; row < rows_.rows(); ++row) {
      if (!shapes_.has(row, field_)) {
        numbers_.push_back(numbers_.empty() ? 0 : numbers_.back());
        continue;
      }
      const auto encoded = value(row);
      if (!encoded) return encoded.error();
      const Value number(*encoded);
      if (!number.is(msgpack::Kind::kNumber)) return false;
      msgpack::Writer again;
      again.number(number.number());
      const Buffer canonical = again.take();
      if (!std::equal(canonical.begin(), canonical.end(), encoded->begin(), encoded->end())) {
        return false;
      }
      numbers_.push_back(number.number());
      if (different.size() <= kFewNumbers) {
        different.emplace(std::bit_cast<uint64_t>(number.number()), true);
      }
    }
    few_ = different.size() <= kFewNumbers && numbers_.size() > 16 * different.size();
    return true;
  }

  static bool is_whole(double number) {
    constexpr double k2p53 = 9007199254740992.0;
    return std::trunc(number) == number && std::abs(number) <= k2p53 &&
           !(number == 0 && std::signbit(number));
  }

  Expected<FieldKind> write_integers() {
    std::vector<uint64_t> biased;
    biased.reserve(numbers_.size());
    for (const double number : numbers_) {
      biased.push_back(static_cast<uint64_t>(static_cast<int64_t>(number)) + kIntegerBias);
    }
    if (auto written = write_packed(values_part(field_), biased); !written) return written.error();
    return FieldKind::kIntegers;
  }

  Expected<FieldKind> write_doubles() {
    auto written = sink_.begin(values_part(field_));
    if (written) written = sink_.append(as_bytes(std::span<const double>(numbers_)));
    if (!written) return written.error();
    return FieldKind::kDoubles;
  }

  /// Every different value once, as far as memory allows to know it again.
  Expected<FieldKind> write_values() {
    numbers_.clear();
    if (auto begun = sink_.begin(values_part(field_)); !begun) return begun.error();
    ValuesWriter writer([this](Bytes bytes) { return sink_.append(bytes); });
    std::unordered_map<std::string_view, uint32_t> known;
    std::deque<std::string> kept;
    size_t kept_bytes = 0;
    std::vector<uint64_t> codes(rows_.rows());
    bool unique = true;
    for (uint32_t row = 0; row < rows_.rows(); ++row) {
      if (!shapes_.has(row, field_)) {
        unique = false;
        continue;
      }
      const auto encoded = value(row);
      if (!encoded) return encoded.error();
      const auto before = known.find(as_text(*encoded));
      if (before != known.end()) {
        codes[row] = before->second;
        unique = false;
        continue;
      }
      const uint32_t code = writer.size();
      codes[row] = code;
      if (auto added = writer.add(*encoded); !added) return added.error();
      constexpr size_t kOverhead = 96;
      if (kept_bytes < kRemembered) {
        kept_bytes += encoded->size() + kOverhead;
        known.emplace(kept.emplace_back(as_text(*encoded)), code);
      }
    }
    if (writer.size() == 0) unique = false;
    if (auto finished = writer.finish(); !finished) return finished.error();
    if (unique) return FieldKind::kUnique;
    if (auto written = write_packed(codes_part(field_), codes); !written) return written.error();
    return FieldKind::kCoded;
  }

  Expected<void> write_packed(uint32_t part, std::span<const uint64_t> numbers) {
    if (auto begun = sink_.begin(part); !begun) return begun;
    ByteWriter packed;
    append_packed(numbers, packed);
    return sink_.append(packed.take());
  }

  MetadataRows& rows_;
  const Shapes& shapes_;
  uint32_t field_;
  PartSink& sink_;
  std::vector<double> numbers_;  // one a row; any where the row lacks the field
  bool few_ = false;
};

}  // namespace

Expected<void> write_metadata(MetadataRows& rows, PartSink& sink) {
  Shapes shapes;
  if (auto counted = shapes.count(rows); !counted) return counted;
  shapes.choose();

  ByteWriter directory;
  const auto field_count = static_cast<uint32_t>(shapes.names().size());
  directory.put(rows.rows());
  directory.put(field_count);
  directory.put(static_cast<uint32_t>(shapes.chosen().size()));
  const bool has_rest =
      std::find(shapes.of_row().begin(), shapes.of_row().end(), kNoShape) != shapes.of_row().end();
  FieldKind rest = FieldKind::kNone;
  if (has_rest) {
    const auto kind = FieldWriter(rows, shapes, kRestField, sink).write();
    if (!kind) return kind.error();
    rest = *kind;
  }
  directory.put(static_cast<uint32_t>(rest));
  for (uint32_t field = 0; field < field_count; ++field) {
    const auto kind = FieldWriter(rows, shapes, field, sink).write();
    if (!kind) return kind.error();
    directory.put(static_cast<uint32_t>(*kind));
    directory.put(static_cast<uint32_t>(shapes.names()[field].size()));
    directory.put_text(shapes.names()[field]);
  }
  for (const std::vector<uint32_t>& shape : shapes.chosen()) {
    directory.put(static_cast<uint32_t>(shape.size()));
    for (const uint32_t field : shape) directory.put(field);
  }
  if (auto begun = sink.begin(kDirectoryPart); !begun) return begun;
  if (auto written = sink.append(directory.take()); !written) return written;

  // 0 for none.
  std::vector<uint64_t> of_row;
  of_row.reserve(shapes.of_row().size());
  for (const uint32_t shape : shapes.of_row()) of_row.push_back(shape == kNoShape ? 0 : shape + 1);
  ByteWriter packed;
  append_packed(of_row, packed);
  if (auto begun = sink.begin(kShapesPart); !begun) return begun;
  return sink.append(packed.take());
}

}  // namespace quiver::column
