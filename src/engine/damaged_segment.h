#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "column/block_cache.h"
#include "column/ids.h"
#include "column/metadata.h"
#include "engine/row_source.h"
#include "store/segment_file.h"

namespace quiver::engine {

/// A segment file of which some blocks are damaged. A row is whole if it reads the same whatever
/// stands in them: ids and metadata are read twice, with all damaged bytes 0x00 and with all 0xFF.
/// What is derived (norms, the table of ids, the graph) decides nothing and is not read.
class DamagedSegment final : public Rows {
 public:
  /// CORRUPT_FILE if not one row can be read. `dim` is at least 1.
  static Expected<std::unique_ptr<DamagedSegment>> open(const store::SegmentFile& file,
                                                        Metric metric, uint32_t dim);

  [[nodiscard]] uint32_t rows() const { return rows_; }
  [[nodiscard]] bool is_whole(uint32_t row) const;
  /// The row's id, whether or not the rest of it is whole.
  [[nodiscard]] std::optional<std::string> certain_id(uint32_t row) const;

  // Of a whole row.
  Expected<std::string_view> id(uint32_t row, std::string& scratch) const override;
  Expected<Bytes> metadata(uint32_t row, column::Scratch& scratch) const override;
  Expected<std::optional<Bytes>> field(uint32_t row, std::string_view key,
                                       column::Scratch& scratch) const override;
  [[nodiscard]] const float* vector(uint32_t row) const override;
  [[nodiscard]] float inv_norm(uint32_t row) const override;

 private:
  /// The file with its damaged bytes replaced.
  struct Reading {
    std::map<uint32_t, Buffer> filled;  // sections with damaged blocks
    column::Ids ids;
    column::Metadata metadata;
  };

  DamagedSegment(const store::SegmentFile& file, Metric metric, uint32_t dim)
      : file_(file), metric_(metric), dim_(dim), damaged_(file.damaged_blocks()) {}
  Expected<void> read(Reading& reading, uint8_t fill);
  Expected<Bytes> section(Reading& reading, uint32_t id, uint8_t fill) const;
  /// Whether the bytes of the file from `begin` to `end` are all in sound blocks.
  [[nodiscard]] bool is_sound(uint64_t begin, uint64_t end) const;

  const store::SegmentFile& file_;
  const Metric metric_;
  const uint32_t dim_;
  const std::vector<store::DamagedBlock> damaged_;
  uint32_t rows_ = 0;
  Bytes vectors_;
  column::BlockCache cache_{size_t{16} << 20};
  std::array<Reading, 2> readings_;
};

}  // namespace quiver::engine
