#include "store/segment_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>

#include "base/crc32c.h"

namespace quiver::store {
namespace {

constexpr std::array<char, 8> kMagic{'Q', 'U', 'I', 'V', 'S', 'E', 'G', '1'};
constexpr std::array<char, 8> kEndMagic{'Q', 'U', 'I', 'V', 'E', 'N', 'D', '1'};
constexpr uint32_t kVersion = 1;
constexpr uint32_t kMaxSections = 1024;
constexpr uint32_t kMaxAlignment = 4096;
constexpr size_t kBufferBytes = size_t{1} << 20;
/// A sync of much at once would hold up those of the log, and a stop.
constexpr uint64_t kSyncBytes = uint64_t{64} << 20;

struct Header {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t crc;                      // of the 12 bytes before
  std::array<uint8_t, 48> reserved;  // zeros
};
static_assert(sizeof(Header) == 64);

struct Footer {
  uint64_t table_offset;
  uint32_t sections;
  uint32_t table_crc;
  uint32_t reserved;
  uint32_t crc;  // of the 20 bytes before
  std::array<char, 8> magic;
};
static_assert(sizeof(Footer) == 32);

template <typename T>
Bytes bytes_of(const T& value, size_t size = sizeof(T)) {
  return {reinterpret_cast<const uint8_t*>(&value), size};
}

uint32_t crc_of(const Header& header) { return crc32c(bytes_of(header, offsetof(Header, crc))); }
uint32_t crc_of(const Footer& footer) { return crc32c(bytes_of(footer, offsetof(Footer, crc))); }

Error corrupt(std::string_view name, std::string_view what) {
  return Error{Code::kCorruptFile, std::string(name) + " is corrupt: " + std::string(what)};
}

uint64_t blocks_of(const SectionEntry& section) {
  return section.size / kBlockBytes + (section.size % kBlockBytes != 0 ? 1 : 0);
}

Expected<void> check_header(std::string_view name, Bytes file) {
  Header header;
  std::memcpy(&header, file.data(), sizeof(header));
  if (header.magic != kMagic) return corrupt(name, "not a segment");
  if (crc_of(header) != header.crc) return corrupt(name, "the header's checksum is wrong");
  if (header.version != kVersion) {
    return Error{Code::kUnsupportedFormat,
                 std::string(name) + " has version " + std::to_string(header.version) +
                     "; this release reads version " + std::to_string(kVersion)};
  }
  if (!all_zero(header.reserved)) {
    return corrupt(name, "reserved bytes of the header are not zero");
  }
  return {};
}

}  // namespace

Expected<std::unique_ptr<SegmentFileWriter>> SegmentFileWriter::create(
    Vfs& vfs, std::string_view name, const std::atomic<bool>* stop) {
  auto file = vfs.create(std::string(name) + ".tmp");
  if (!file) return file.error();
  std::unique_ptr<SegmentFileWriter> writer(
      new SegmentFileWriter(vfs, std::string(name), std::move(*file), stop));
  Header header{kMagic, kVersion, 0, {}};
  header.crc = crc_of(header);
  writer->pending_.assign(bytes_of(header).begin(), bytes_of(header).end());
  writer->offset_ = sizeof(header);
  return writer;
}

SegmentFileWriter::~SegmentFileWriter() {
  if (is_named_) return;
  file_.reset();
  // What stays is removed by the next process that writes.
  (void)vfs_.remove(name_ + ".tmp");
}

Expected<void> SegmentFileWriter::write(Bytes bytes) {
  if (stop_ != nullptr && *stop_) return Error{Code::kClosed, "Writing " + name_ + " was stopped"};
  if (auto written = file_->append(bytes); !written) return written;
  unsynced_ += bytes.size();
  if (unsynced_ < kSyncBytes) return {};
  unsynced_ = 0;
  return file_->sync();
}

Expected<void> SegmentFileWriter::flush() {
  auto written = write(pending_);
  pending_.clear();
  return written;
}

void SegmentFileWriter::pad(uint64_t alignment) {
  const uint64_t aligned = (offset_ + alignment - 1) / alignment * alignment;
  pending_.resize(pending_.size() + static_cast<size_t>(aligned - offset_));
  offset_ = aligned;
}

Expected<void> SegmentFileWriter::begin_section(uint32_t id, uint32_t alignment) {
  if (!std::has_single_bit(alignment) || alignment < 8 || alignment > kMaxAlignment) {
    return Error{Code::kInternal, "Expected an alignment that is a power of two from 8 to " +
                                      std::to_string(kMaxAlignment) + ", got " +
                                      std::to_string(alignment)};
  }
  if (sections_.size() == kMaxSections) {
    return Error{Code::kInternal,
                 "Expected at most " + std::to_string(kMaxSections) + " sections in " + name_};
  }
  pad(alignment);
  sections_.push_back({id, 0, offset_, 0});
  return {};
}

Expected<void> SegmentFileWriter::append(Bytes bytes) {
  if (sections_.empty()) return Error{Code::kInternal, name_ + " has no section to append to"};
  SectionEntry& section = sections_.back();
  for (Bytes rest = bytes; !rest.empty();) {
    const uint64_t filled = section.size % kBlockBytes;
    if (filled == 0) block_crcs_.push_back(0);
    const Bytes piece = rest.first(std::min<size_t>(rest.size(), kBlockBytes - filled));
    block_crcs_.back() = crc32c(piece, block_crcs_.back());
    section.size += piece.size();
    rest = rest.subspan(piece.size());
  }
  offset_ += bytes.size();
  if (bytes.size() >= kBufferBytes) {
    if (auto flushed = flush(); !flushed) return flushed;
    return write(bytes);
  }
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
  return pending_.size() < kBufferBytes ? Expected<void>() : flush();
}

Expected<void> SegmentFileWriter::finish() {
  pad(8);
  const Bytes entries = as_bytes(std::span<const SectionEntry>(sections_));
  const Bytes crcs = as_bytes(std::span<const uint32_t>(block_crcs_));
  Footer footer{
      offset_,  static_cast<uint32_t>(sections_.size()), crc32c(crcs, crc32c(entries)), 0, 0,
      kEndMagic};
  footer.crc = crc_of(footer);
  for (const Bytes part : {entries, crcs, bytes_of(footer)}) {
    pending_.insert(pending_.end(), part.begin(), part.end());
  }
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto synced = file_->sync(); !synced) return synced;
  file_.reset();
  if (auto renamed = vfs_.rename(name_ + ".tmp", name_); !renamed) return renamed;
  is_named_ = true;
  return vfs_.sync_folder();
}

bool same_segment(Bytes a, Bytes b) {
  if (a.size() != b.size() || a.size() < sizeof(Footer)) return false;
  const Bytes footer = a.last(sizeof(Footer));
  uint64_t table = 0;
  std::memcpy(&table, footer.data() + offsetof(Footer, table_offset), sizeof(table));
  if (table > a.size()) return false;
  const Bytes end = a.subspan(static_cast<size_t>(table));
  return std::equal(end.begin(), end.end(), b.subspan(static_cast<size_t>(table)).begin());
}

Expected<std::unique_ptr<SegmentFile>> SegmentFile::open(Vfs& vfs, std::string_view name,
                                                         HeaderCheck check) {
  auto content = vfs.read(name);
  if (!content) return content.error();
  const Bytes file = (*content)->bytes();
  const auto corrupt = [name](std::string_view what) { return store::corrupt(name, what); };
  Footer footer;
  if (file.size() < sizeof(Header) + sizeof(footer)) return corrupt("it is cut off");
  const auto header = check_header(name, file);
  const bool is_damage = !header && header.error().code == Code::kCorruptFile;
  if (!header && !(is_damage && check == HeaderCheck::kMayBeDamaged)) return header.error();
  const uint64_t footer_offset = file.size() - sizeof(footer);
  std::memcpy(&footer, file.data() + footer_offset, sizeof(footer));
  if (footer.magic != kEndMagic) return corrupt("it is cut off");
  if (crc_of(footer) != footer.crc) return corrupt("the footer's checksum is wrong");
  const uint64_t entries_size = uint64_t{footer.sections} * sizeof(SectionEntry);
  if (footer.sections > kMaxSections || footer.table_offset > footer_offset ||
      footer_offset - footer.table_offset < entries_size) {
    return corrupt("the table of sections does not fit");
  }
  const Bytes table = file.subspan(static_cast<size_t>(footer.table_offset),
                                   static_cast<size_t>(footer_offset - footer.table_offset));
  if (crc32c(table) != footer.table_crc) return corrupt("the table's checksum is wrong");
  std::vector<SectionEntry> sections(footer.sections);
  if (!sections.empty()) std::memcpy(sections.data(), table.data(), entries_size);
  uint64_t end = sizeof(Header);
  uint64_t blocks = 0;
  for (const SectionEntry& section : sections) {
    if (section.reserved != 0 || section.offset < end || section.offset % 8 != 0 ||
        section.size > footer.table_offset || section.offset > footer.table_offset - section.size) {
      return corrupt("section " + std::to_string(section.id) + " does not fit");
    }
    end = section.offset + section.size;
    blocks += blocks_of(section);
  }
  const Bytes crcs = table.subspan(static_cast<size_t>(entries_size));
  if (footer.table_offset < end || crcs.size() != blocks * sizeof(uint32_t)) {
    return corrupt("the table of sections does not fit");
  }
  std::vector<uint32_t> block_crcs(static_cast<size_t>(blocks));
  if (!block_crcs.empty()) std::memcpy(block_crcs.data(), crcs.data(), crcs.size());
  std::unique_ptr<SegmentFile> opened(new SegmentFile(std::string(name), std::move(*content),
                                                      std::move(sections), std::move(block_crcs)));
  if (!header) opened->header_error_ = header.error();
  return opened;
}

namespace {

/// A copy of a file, aligned as its sections are.
class LoadedBytes final : public FileBytes {
 public:
  explicit LoadedBytes(Bytes bytes)
      : memory_(static_cast<uint8_t*>(::operator new(bytes.size(), kAlignment))),
        size_(bytes.size()) {
    std::memcpy(memory_, bytes.data(), size_);
  }
  ~LoadedBytes() override { ::operator delete(memory_, kAlignment); }
  LoadedBytes(const LoadedBytes&) = delete;
  LoadedBytes& operator=(const LoadedBytes&) = delete;

  [[nodiscard]] Bytes bytes() const override { return {memory_, size_}; }

 private:
  static constexpr std::align_val_t kAlignment{4096};
  uint8_t* memory_;
  size_t size_;
};

}  // namespace

Expected<void> SegmentFile::load() {
  if (!content_->is_mapped()) return {};
  try {
    content_ = std::make_shared<LoadedBytes>(content_->bytes());
    return {};
  } catch (const std::bad_alloc&) {
    return Error{Code::kOutOfMemory,
                 "No memory for the " + std::to_string(size()) + " bytes of " + name_};
  }
}

Expected<void> SegmentFile::check_gaps() const {
  const Bytes file = content_->bytes();
  const auto gap_is_zero = [file](uint64_t from, uint64_t to) {
    return all_zero(file.subspan(static_cast<size_t>(from), static_cast<size_t>(to - from)));
  };
  uint64_t end = sizeof(Header);
  for (const SectionEntry& entry : sections_) {
    if (!gap_is_zero(end, entry.offset))
      return corrupt(name_, "bytes between sections are not zero");
    end = entry.offset + entry.size;
  }
  const uint64_t table = file.size() - sizeof(Footer) - block_crcs_.size() * sizeof(uint32_t) -
                         sections_.size() * sizeof(SectionEntry);
  if (!gap_is_zero(end, table))
    return corrupt(name_, "bytes before the table of sections are not zero");
  return {};
}

/// Of the blocks [first, last), counted through all sections.
std::vector<DamagedBlock> SegmentFile::damaged_among(uint64_t first, uint64_t last) const {
  std::vector<DamagedBlock> damaged;
  uint64_t begin = 0;  // the section's first block
  for (const SectionEntry& section : sections_) {
    const uint64_t end = begin + blocks_of(section);
    for (uint64_t i = std::max(first, begin); i < std::min(last, end); ++i) {
      const uint64_t block = i - begin;
      const uint64_t offset = section.offset + block * kBlockBytes;
      const uint64_t size = std::min(kBlockBytes, section.size - block * kBlockBytes);
      const Bytes bytes =
          content_->bytes().subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
      if (crc32c(bytes) == block_crcs_[static_cast<size_t>(i)]) continue;
      damaged.push_back({section.id, block, offset, size});
    }
    begin = end;
  }
  return damaged;
}

std::vector<DamagedBlock> SegmentFile::damaged_blocks() const { return damaged_among(0, blocks()); }

Expected<void> SegmentFile::verify_blocks(uint64_t first, uint64_t last) const {
  const std::vector<DamagedBlock> damaged = damaged_among(first, last);
  if (damaged.empty()) return {};
  const DamagedBlock& block = damaged.front();
  std::string what = name_ + " is corrupt: block " + std::to_string(block.block) + " of section " +
                     std::to_string(block.section) + " (" + std::to_string(block.size) +
                     " bytes from " + std::to_string(block.offset) + ") is damaged";
  if (damaged.size() > 1) what += "; damaged blocks: " + std::to_string(damaged.size());
  return Error{Code::kCorruptFile, std::move(what)};
}

Expected<void> SegmentFile::verify() const {
  if (header_error_) return *header_error_;
  if (auto sound = verify_blocks(0, blocks()); !sound) return sound;
  return check_gaps();
}

bool SegmentFile::has_section(uint32_t id) const {
  return std::any_of(sections_.begin(), sections_.end(),
                     [id](const SectionEntry& section) { return section.id == id; });
}

Expected<Bytes> SegmentFile::section(uint32_t id) const {
  for (const SectionEntry& section : sections_) {
    if (section.id == id) {
      return content_->bytes().subspan(static_cast<size_t>(section.offset),
                                       static_cast<size_t>(section.size));
    }
  }
  return corrupt(name_, "section " + std::to_string(id) + " is missing");
}

Expected<Bytes> SegmentFile::sound_section(uint32_t id) const {
  uint64_t begin = 0;
  for (const SectionEntry& entry : sections_) {
    const uint64_t end = begin + blocks_of(entry);
    if (entry.id == id && damaged_among(begin, end).empty()) return section(id);
    begin = end;
  }
  return corrupt(name_, "section " + std::to_string(id) + " is missing or damaged");
}

}  // namespace quiver::store
