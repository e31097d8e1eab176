#include "engine/segment_writer.h"

#include <algorithm>
#include <utility>

#include "column/metadata_writer.h"
#include "engine/segment_sections.h"

namespace quiver::engine {
namespace {

constexpr uint32_t kAlignment = 64;
constexpr uint32_t kPageAlignment = 4096;
constexpr size_t kBytesAStep = size_t{1} << 19;

/// The metadata of rows from anywhere, for the columns to be made of.
class GatheredMetadata final : public column::MetadataRows {
 public:
  explicit GatheredMetadata(std::span<const RowRef> rows) : rows_(rows) {}

  [[nodiscard]] uint32_t rows() const override { return static_cast<uint32_t>(rows_.size()); }
  Expected<Bytes> metadata(uint32_t row) override {
    return rows_[row].source->metadata(rows_[row].row, scratch_);
  }
  Expected<std::optional<Bytes>> field(uint32_t row, std::string_view key) override {
    return rows_[row].source->field(rows_[row].row, key, scratch_);
  }

 private:
  std::span<const RowRef> rows_;
  column::Scratch scratch_;
};

template <typename T>
Bytes bytes_of(const T& value) {
  return as_bytes(std::span<const T>(&value, 1));
}

}  // namespace

/// The metadata of all rows, as sections of the file.
class SegmentWriter::MetadataSections final : private column::PartSink {
 public:
  MetadataSections(std::span<const RowRef> rows, store::SegmentFileWriter& file)
      : file_(file), rows_(rows), writer_(rows_, *this) {}

  Expected<bool> step() { return writer_.step(); }

 private:
  Expected<void> begin(uint32_t part) override {
    return file_.begin_section(kMetadata + part, kAlignment);
  }
  Expected<void> append(Bytes bytes) override { return file_.append(bytes); }

  store::SegmentFileWriter& file_;
  GatheredMetadata rows_;
  column::MetadataWriter writer_;
};

SegmentWriter::SegmentWriter(std::unique_ptr<store::SegmentFileWriter> file, const Content& content)
    : file_(std::move(file)), content_(content) {
  plan();
}
SegmentWriter::~SegmentWriter() = default;

Expected<std::unique_ptr<SegmentWriter>> SegmentWriter::create(store::Vfs& vfs,
                                                               std::string_view name,
                                                               const Content& content,
                                                               const std::atomic<bool>* stop) {
  auto file = store::SegmentFileWriter::create(vfs, name, stop);
  if (!file) return file.error();
  return std::unique_ptr<SegmentWriter>(new SegmentWriter(std::move(*file), content));
}

/// A section that is written at once.
void SegmentWriter::add(uint32_t id, uint32_t alignment, std::function<Expected<void>()> write) {
  begin(id, alignment);
  steps_.add(std::move(write));
}

void SegmentWriter::begin(uint32_t id, uint32_t alignment) {
  steps_.add([this, id, alignment] { return file_->begin_section(id, alignment); });
}

/// A section of bytes that are there.
void SegmentWriter::add_bytes(uint32_t id, uint32_t alignment, Bytes bytes) {
  begin(id, alignment);
  steps_.add_until_done([this, rest = bytes]() mutable -> Expected<bool> {
    const Bytes piece = rest.first(std::min(rest.size(), kBytesAStep));
    rest = rest.subspan(piece.size());
    if (auto written = file_->append(piece); !written) return written.error();
    return rest.empty();
  });
}

/// A section of so many bytes a row, which `write` adds.
void SegmentWriter::add_rows(uint32_t id, uint32_t alignment, size_t row_bytes,
                             std::function<Expected<void>(const RowRef&)> write) {
  begin(id, alignment);
  const auto at_once = static_cast<uint32_t>(std::clamp<size_t>(kBytesAStep / row_bytes, 1, 4096));
  steps_.add_each(
      static_cast<uint32_t>(content_.rows.size()), at_once,
      [this, write = std::move(write)](uint32_t row) { return write(content_.rows[row]); });
}

void SegmentWriter::plan() {
  add(kInfo, kAlignment, [this] {
    const SegmentInfo info{static_cast<uint32_t>(content_.rows.size()), content_.dim,
                           static_cast<uint32_t>(content_.metric),
                           content_.walkable != nullptr ? 1U : 0U, content_.first_log};
    return file_->append(bytes_of(info));
  });
  add_rows(kVectors, kPageAlignment, content_.dim * sizeof(float), [this](const RowRef& row) {
    return file_->append(
        as_bytes(std::span<const float>(row.source->vector(row.row), content_.dim)));
  });
  if (content_.metric == Metric::kCosine) {
    add_rows(kInvNorms, kAlignment, sizeof(float), [this](const RowRef& row) {
      return file_->append(bytes_of(row.source->inv_norm(row.row)));
    });
  }
  if (content_.walkable != nullptr) plan_walkable(*content_.walkable);
  add_ids(kIds, ids_);
  add_ids(kIdLookup, id_lookup_);
  plan_metadata();
  steps_.add([this] { return file_->finish(); });
}

void SegmentWriter::plan_walkable(const Walkable& walkable) {
  add(kGraphUpper, kAlignment,
      [this, &walkable] { return file_->append(walkable.graph.encode_upper()); });
  add_bytes(kGraphLevel0, kPageAlignment,
            as_bytes(std::span<const uint32_t>(walkable.graph.neighbors)));
  add(kCalibration, kAlignment,
      [this, &walkable] { return file_->append(walkable.calibration.encode()); });
  const quant::Choice& choice = walkable.choice;
  add(kCodeInfo, kAlignment, [this, &walkable, &choice]() -> Expected<void> {
    const CodeKind kind = choice.codec ? choice.codec->kind() : CodeKind::kNone;
    const CodeInfo info{static_cast<uint32_t>(kind), choice.is_automatic ? 1U : 0U,
                        choice.sample_recall, walkable.graph.ef_construction};
    if (auto written = file_->append(bytes_of(info)); !written || !choice.codec) return written;
    return file_->append(choice.codec->parameters());
  });
  if (!choice.codec) return;
  add_bytes(kCodes, kPageAlignment, walkable.codes->bytes());
  add_bytes(kNodeRows, kAlignment, as_bytes(std::span<const uint32_t>(walkable.node_rows)));
}

/// A section that a writer of columns makes of the ids.
template <typename Writer>
void SegmentWriter::add_ids(uint32_t id, std::unique_ptr<Writer>& writer) {
  begin(id, kAlignment);
  steps_.add_until_done([this, &writer]() -> Expected<bool> {
    if (!writer) {
      writer = std::make_unique<Writer>(
          static_cast<uint32_t>(content_.rows.size()),
          [this](uint32_t row) {
            const RowRef& ref = content_.rows[row];
            return ref.source->id(ref.row, id_scratch_);
          },
          [this](Bytes bytes) { return file_->append(bytes); });
    }
    auto done = writer->step();
    if (done && *done) writer.reset();
    return done;
  });
}

void SegmentWriter::plan_metadata() {
  steps_.add_until_done([this]() -> Expected<bool> {
    if (!metadata_) metadata_ = std::make_unique<MetadataSections>(content_.rows, *file_);
    auto done = metadata_->step();
    if (done && *done) metadata_.reset();
    return done;
  });
}

}  // namespace quiver::engine
