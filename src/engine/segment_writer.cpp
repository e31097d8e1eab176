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

class MetadataSections final : public column::PartSink {
 public:
  explicit MetadataSections(store::SegmentFileWriter& writer) : writer_(writer) {}

  Expected<void> begin(uint32_t part) override {
    return writer_.begin_section(kMetadata + part, kAlignment);
  }
  Expected<void> append(Bytes bytes) override { return writer_.append(bytes); }

 private:
  store::SegmentFileWriter& writer_;
};

template <typename T>
Bytes bytes_of(const T& value) {
  return as_bytes(std::span<const T>(&value, 1));
}

}  // namespace

Expected<std::unique_ptr<SegmentWriter>> SegmentWriter::create(store::Vfs& vfs,
                                                               std::string_view name,
                                                               const Content& content,
                                                               const std::atomic<bool>* stop) {
  auto file = store::SegmentFileWriter::create(vfs, name, stop);
  if (!file) return file.error();
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(std::move(*file), content));
  writer->plan();
  return writer;
}

Expected<bool> SegmentWriter::step() {
  if (section_ < sections_.size()) {
    const Section& section = sections_[section_];
    if (piece_ == 0) {
      if (auto begun = file_->begin_section(section.id, section.alignment); !begun) {
        return begun.error();
      }
    }
    if (piece_ < section.pieces) {
      if (auto written = section.write(piece_++); !written) return written.error();
    }
    if (piece_ >= section.pieces) {
      ++section_;
      piece_ = 0;
    }
    return false;
  }
  if (!std::exchange(has_metadata_, true)) {
    if (auto written = write_metadata(); !written) return written.error();
    return false;
  }
  if (auto finished = file_->finish(); !finished) return finished.error();
  return true;
}

/// A section that is written at once.
void SegmentWriter::add(uint32_t id, uint32_t alignment, std::function<Expected<void>()> write) {
  sections_.push_back({id, alignment, 1, [write = std::move(write)](uint64_t) { return write(); }});
}

/// A section of bytes that are there.
void SegmentWriter::add_bytes(uint32_t id, uint32_t alignment, Bytes bytes) {
  const auto write = [this, bytes](uint64_t piece) {
    const Bytes rest = bytes.subspan(static_cast<size_t>(piece) * kBytesAStep);
    return file_->append(rest.first(std::min(rest.size(), kBytesAStep)));
  };
  sections_.push_back({id, alignment, (bytes.size() + kBytesAStep - 1) / kBytesAStep, write});
}

/// A section of so many bytes a row, which `write` adds.
void SegmentWriter::add_rows(uint32_t id, uint32_t alignment, size_t row_bytes,
                             std::function<Expected<void>(const RowRef&)> write) {
  const size_t at_once = std::clamp<size_t>(kBytesAStep / row_bytes, 1, 4096);
  const size_t pieces = (content_.rows.size() + at_once - 1) / at_once;
  sections_.push_back({id, alignment, pieces,
                       [this, at_once, write = std::move(write)](uint64_t piece) -> Expected<void> {
                         const auto rest =
                             content_.rows.subspan(static_cast<size_t>(piece) * at_once);
                         for (const RowRef& row : rest.first(std::min(rest.size(), at_once))) {
                           if (auto written = write(row); !written) return written;
                         }
                         return {};
                       }});
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
  plan_ids();
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

void SegmentWriter::plan_ids() {
  const auto write = [this](const auto& write_column) {
    std::string scratch;
    const auto id = [&](uint32_t i) {
      const RowRef& row = content_.rows[i];
      return row.source->id(row.row, scratch);
    };
    return write_column(static_cast<uint32_t>(content_.rows.size()), id,
                        [this](Bytes bytes) { return file_->append(bytes); });
  };
  add(kIds, kAlignment, [write] { return write(column::write_ids); });
  add(kIdLookup, kAlignment, [write] { return write(column::write_id_lookup); });
}

Expected<void> SegmentWriter::write_metadata() {
  GatheredMetadata metadata(content_.rows);
  MetadataSections sections(*file_);
  return column::write_metadata(metadata, sections);
}

}  // namespace quiver::engine
