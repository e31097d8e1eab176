#include "column/metadata_writer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/msgpack.h"
#include "base/steps.h"
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
/// What a step looks at: values of so many bytes, each counted as if it had a few more.
constexpr size_t kBytesAStep = size_t{32} << 10;
constexpr size_t kBytesMore = 64;

/// The keys of some rows, in order.
struct Shape {
  std::vector<std::string> keys;
  uint64_t rows = 0;
};

/// Goes through rows, some of them a step.
class RowSteps {
 public:
  explicit RowSteps(uint32_t rows) : rows_(rows) {}

  /// `visit(row)` gives the size of what it has looked at. Whether all rows have been visited.
  template <typename Visit>
  Expected<bool> step(const Visit& visit) {
    for (size_t bytes = 0; next_ < rows_ && bytes < kBytesAStep; ++next_) {
      const Expected<size_t> size = visit(next_);
      if (!size) return size.error();
      bytes += *size + kBytesMore;
    }
    return next_ == rows_;
  }

 private:
  uint32_t rows_;
  uint32_t next_ = 0;
};

/// Which keys the rows have.
class Shapes {
 public:
  explicit Shapes(uint32_t rows) : of_row_(rows) {}

  void count(uint32_t row, Bytes metadata) {
    of_row_[row] = candidate(Value(metadata));
    if (of_row_[row] != kNoShape) ++candidates_[of_row_[row]].rows;
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
      : rows_(rows), shapes_(shapes), field_(field), sink_(sink), at_(rows.rows()) {
    if (field_ == kRestField) {
      plan_values();
      return;
    }
    steps_.add_until_done([this] { return look_for_numbers(); });
    steps_.add([this]() -> Expected<void> {
      const bool are_few =
          different_.size() <= kFewNumbers && numbers_.size() > 16 * different_.size();
      if (are_numbers_ && !are_few) return write_numbers();
      plan_values();
      return {};
    });
  }
  FieldWriter(const FieldWriter&) = delete;
  FieldWriter& operator=(const FieldWriter&) = delete;

  Expected<bool> step() { return steps_.step(); }
  /// After the last step.
  [[nodiscard]] FieldKind kind() const { return kind_; }

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
  /// whether they are few different ones. The first that is none ends it.
  Expected<bool> look_for_numbers() {
    auto done = at_.step([this](uint32_t row) { return look_for_number(row); });
    if (done && !are_numbers_) return true;
    return done;
  }

  Expected<size_t> look_for_number(uint32_t row) {
    if (!are_numbers_) return size_t{0};
    if (!shapes_.has(row, field_)) {
      numbers_.push_back(numbers_.empty() ? 0 : numbers_.back());
      return size_t{0};
    }
    const auto encoded = value(row);
    if (!encoded) return encoded.error();
    const Value number(*encoded);
    are_numbers_ = number.is(msgpack::Kind::kNumber);
    if (!are_numbers_) return size_t{0};
    msgpack::Writer again;
    again.number(number.number());
    const Buffer canonical = again.take();
    are_numbers_ = std::equal(canonical.begin(), canonical.end(), encoded->begin(), encoded->end());
    numbers_.push_back(number.number());
    if (different_.size() <= kFewNumbers) {
      different_.insert(std::bit_cast<uint64_t>(number.number()));
    }
    return encoded->size();
  }

  static bool is_whole(double number) {
    constexpr double k2p53 = 9007199254740992.0;
    return std::trunc(number) == number && std::abs(number) <= k2p53 &&
           !(number == 0 && std::signbit(number));
  }

  Expected<void> write_numbers() {
    const bool whole = std::all_of(numbers_.begin(), numbers_.end(), is_whole);
    kind_ = whole ? FieldKind::kIntegers : FieldKind::kDoubles;
    if (!whole) {
      auto written = sink_.begin(values_part(field_));
      return written ? sink_.append(as_bytes(std::span<const double>(numbers_))) : written;
    }
    std::vector<uint64_t> biased;
    biased.reserve(numbers_.size());
    for (const double number : numbers_) {
      biased.push_back(static_cast<uint64_t>(static_cast<int64_t>(number)) + kIntegerBias);
    }
    return write_packed(values_part(field_), biased);
  }

  /// Every different value once, as far as memory allows to know it again.
  void plan_values() {
    numbers_ = {};
    at_ = RowSteps(rows_.rows());
    codes_.resize(rows_.rows());
    steps_.add([this] { return sink_.begin(values_part(field_)); });
    steps_.add_until_done(
        [this] { return at_.step([this](uint32_t row) { return add_value(row); }); });
    steps_.add([this] { return end_values(); });
  }

  Expected<size_t> add_value(uint32_t row) {
    if (!shapes_.has(row, field_)) {
      are_unique_ = false;
      return size_t{0};
    }
    const auto encoded = value(row);
    if (!encoded) return encoded.error();
    const auto before = known_.find(as_text(*encoded));
    if (before != known_.end()) {
      codes_[row] = before->second;
      are_unique_ = false;
      return encoded->size();
    }
    const uint32_t code = values_.size();
    codes_[row] = code;
    if (auto added = values_.add(*encoded); !added) return added.error();
    constexpr size_t kOverhead = 96;
    if (kept_bytes_ < kRemembered) {
      kept_bytes_ += encoded->size() + kOverhead;
      known_.emplace(kept_.emplace_back(as_text(*encoded)), code);
    }
    return encoded->size();
  }

  Expected<void> end_values() {
    const bool are_unique = are_unique_ && values_.size() != 0;
    kind_ = are_unique ? FieldKind::kUnique : FieldKind::kCoded;
    if (auto finished = values_.finish(); !finished || are_unique) return finished;
    return write_packed(codes_part(field_), codes_);
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
  FieldKind kind_ = FieldKind::kNone;
  RowSteps at_;
  Steps steps_;

  bool are_numbers_ = true;
  std::vector<double> numbers_;  // one a row; any where the row lacks the field
  std::unordered_set<uint64_t> different_;

  ValuesWriter values_{[this](Bytes bytes) { return sink_.append(bytes); }};
  std::vector<uint64_t> codes_;  // of each row, which value
  bool are_unique_ = true;
  std::unordered_map<std::string_view, uint32_t> known_;  // values in kept_
  std::deque<std::string> kept_;
  size_t kept_bytes_ = 0;
};

}  // namespace

class MetadataWriter::Work {
 public:
  Work(MetadataRows& rows, PartSink& sink)
      : rows_(rows), sink_(sink), shapes_(rows.rows()), at_(rows.rows()) {
    steps_.add_until_done([this] { return at_.step([this](uint32_t row) { return count(row); }); });
    steps_.add([this]() -> Expected<void> {
      shapes_.choose();
      plan_fields();
      return {};
    });
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  Expected<bool> step() { return steps_.step(); }

 private:
  Expected<size_t> count(uint32_t row) {
    const auto metadata = rows_.metadata(row);
    if (!metadata) return metadata.error();
    shapes_.count(row, *metadata);
    return metadata->size();
  }

  void plan_fields() {
    const auto field_count = static_cast<uint32_t>(shapes_.names().size());
    directory_.put(rows_.rows());
    directory_.put(field_count);
    directory_.put(static_cast<uint32_t>(shapes_.chosen().size()));
    const std::vector<uint32_t>& of_row = shapes_.of_row();
    if (std::find(of_row.begin(), of_row.end(), kNoShape) != of_row.end()) {
      plan_field(kRestField);
    } else {
      directory_.put(static_cast<uint32_t>(FieldKind::kNone));
    }
    for (uint32_t field = 0; field < field_count; ++field) plan_field(field);
    steps_.add([this] { return write_directory(); });
    steps_.add([this] { return write_shapes(); });
  }

  void plan_field(uint32_t field) {
    steps_.add_until_done([this, field]() -> Expected<bool> {
      if (!field_) field_.emplace(rows_, shapes_, field, sink_);
      auto done = field_->step();
      if (!done || !*done) return done;
      directory_.put(static_cast<uint32_t>(field_->kind()));
      field_.reset();
      if (field == kRestField) return true;
      directory_.put(static_cast<uint32_t>(shapes_.names()[field].size()));
      directory_.put_text(shapes_.names()[field]);
      return true;
    });
  }

  Expected<void> write_directory() {
    for (const std::vector<uint32_t>& shape : shapes_.chosen()) {
      directory_.put(static_cast<uint32_t>(shape.size()));
      for (const uint32_t field : shape) directory_.put(field);
    }
    if (auto begun = sink_.begin(kDirectoryPart); !begun) return begun;
    return sink_.append(directory_.take());
  }

  Expected<void> write_shapes() {
    // 0 for none.
    std::vector<uint64_t> of_row;
    of_row.reserve(shapes_.of_row().size());
    for (const uint32_t shape : shapes_.of_row()) {
      of_row.push_back(shape == kNoShape ? 0 : shape + 1);
    }
    ByteWriter packed;
    append_packed(of_row, packed);
    if (auto begun = sink_.begin(kShapesPart); !begun) return begun;
    return sink_.append(packed.take());
  }

  MetadataRows& rows_;
  PartSink& sink_;
  Shapes shapes_;
  RowSteps at_;
  ByteWriter directory_;
  std::optional<FieldWriter> field_;  // that is being written
  Steps steps_;
};

MetadataWriter::MetadataWriter(MetadataRows& rows, PartSink& sink)
    : work_(std::make_unique<Work>(rows, sink)) {}
MetadataWriter::~MetadataWriter() = default;

Expected<bool> MetadataWriter::step() { return work_->step(); }

}  // namespace quiver::column
