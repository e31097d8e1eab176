#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "store/file_names.h"
#include "store/vfs.h"

namespace quiver::store {

/// Where a numbered section lies in a segment file.
struct SectionEntry {
  uint32_t id;
  uint32_t reserved;  // 0
  uint64_t offset;
  uint64_t size;
};
static_assert(sizeof(SectionEntry) == 24);

/// A section has a checksum for each block of so many bytes; the last block may be shorter. So
/// damage has a place, and what lies elsewhere in the section can be saved.
inline constexpr uint64_t kBlockBytes = uint64_t{1} << 16;

/// A block of a section whose checksum is wrong.
struct DamagedBlock {
  uint32_t section;
  uint64_t block;   ///< counted from the beginning of the section
  uint64_t offset;  ///< in the file
  uint64_t size;
};

/// Writes a file of numbered sections from front to back (docs/format.md), under a temporary name
/// until it is finished. One thread at a time.
class SegmentFileWriter {
 public:
  /// What was not finished is removed by the destructor; the Vfs has to live until then.
  /// Once `stop` (null: never) is true, nothing more is written and every call fails with CLOSED.
  static Expected<std::unique_ptr<SegmentFileWriter>> create(
      Vfs& vfs, std::string_view name, const std::atomic<bool>* stop = nullptr);
  ~SegmentFileWriter();
  SegmentFileWriter(const SegmentFileWriter&) = delete;
  SegmentFileWriter& operator=(const SegmentFileWriter&) = delete;

  /// Ends the section before and begins one at the next multiple of `alignment` (a power of two
  /// from 8 to 4096).
  Expected<void> begin_section(uint32_t id, uint32_t alignment);
  /// Adds to the section begun last. Large pieces are handed on without a copy.
  Expected<void> append(Bytes bytes);

  /// Writes the table of sections, syncs, and gives the file its name.
  Expected<void> finish();

 private:
  SegmentFileWriter(Vfs& vfs, std::string name, std::unique_ptr<WritableFile> file,
                    const std::atomic<bool>* stop)
      : vfs_(vfs), name_(std::move(name)), file_(std::move(file)), stop_(stop) {}
  Expected<void> write(Bytes bytes);
  Expected<void> flush();
  void pad(uint64_t alignment);

  Vfs& vfs_;
  std::string name_;
  std::unique_ptr<WritableFile> file_;
  bool is_named_ = false;
  const std::atomic<bool>* stop_;
  uint64_t unsynced_ = 0;
  Buffer pending_;
  uint64_t offset_ = 0;  // of the end, pending bytes included
  std::vector<SectionEntry> sections_;
  std::vector<uint32_t> block_crcs_;  // of all sections; the last one is of the block being filled
};

/// Whether two segment files are the same, by their tables, which hold the checksum of every
/// block.
bool same_segment(Bytes a, Bytes b);

/// Whether a header with a wrong checksum keeps a segment file from being opened. It holds nothing
/// that the end of the file does not.
enum class HeaderCheck : uint8_t { kMustBeSound, kMayBeDamaged };

/// An open segment file. Its memory lives as long as the object.
class SegmentFile {
 public:
  /// Checks the header and the table (bounds, order, alignment to 8), and reads nothing else.
  /// CORRUPT_FILE, MISSING_FILE or UNSUPPORTED_FORMAT name the file.
  static Expected<std::unique_ptr<SegmentFile>> open(Vfs& vfs, std::string_view name,
                                                     HeaderCheck check = HeaderCheck::kMustBeSound);

  /// Reads it all: every block's checksum, and that the gaps are zero. CORRUPT_FILE otherwise.
  [[nodiscard]] Expected<void> verify() const;

  /// Of all sections.
  [[nodiscard]] uint64_t blocks() const { return block_crcs_.size(); }
  /// The checksums of the blocks [first, last), counted through all sections; CORRUPT_FILE.
  [[nodiscard]] Expected<void> verify_blocks(uint64_t first, uint64_t last) const;

  /// Reads all sections and gives the blocks that are not what was written, in their order.
  [[nodiscard]] std::vector<DamagedBlock> damaged_blocks() const;

  /// The content, to ask of its memory.
  [[nodiscard]] const FileBytes& content() const { return *content_; }
  /// Copies what is mapped into memory of its own. Sections given before point to the old place.
  /// OUT_OF_MEMORY if it does not fit.
  Expected<void> load();

  [[nodiscard]] bool has_section(uint32_t id) const;
  /// CORRUPT_FILE if there is no such section.
  [[nodiscard]] Expected<Bytes> section(uint32_t id) const;
  /// The same, if every checksum of it is right.
  [[nodiscard]] Expected<Bytes> sound_section(uint32_t id) const;
  /// Where a section of this file begins in it.
  [[nodiscard]] uint64_t offset_of(Bytes section) const {
    return static_cast<uint64_t>(section.data() - content_->bytes().data());
  }
  [[nodiscard]] uint64_t size() const { return content_->bytes().size(); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  SegmentFile(std::string name, std::shared_ptr<const FileBytes> content,
              std::vector<SectionEntry> sections, std::vector<uint32_t> block_crcs)
      : name_(std::move(name)),
        content_(std::move(content)),
        sections_(std::move(sections)),
        block_crcs_(std::move(block_crcs)) {}
  [[nodiscard]] Expected<void> check_gaps() const;
  [[nodiscard]] std::vector<DamagedBlock> damaged_among(uint64_t first, uint64_t last) const;

  std::string name_;
  std::shared_ptr<const FileBytes> content_;
  std::vector<SectionEntry> sections_;
  std::vector<uint32_t> block_crcs_;  // of all sections, one after the other
  std::optional<Error> header_error_;
};

}  // namespace quiver::store
