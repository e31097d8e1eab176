#include "store/segment_file.h"

#include <gtest/gtest.h>

#include <random>

#include "base/crc32c.h"
#include "store/vfs_memory.h"

namespace quiver::store {
namespace {

constexpr const char* kName = "seg-000001.qseg";

class SegmentFileTest : public testing::Test {
 protected:
  void SetUp() override {
    auto writer = SegmentFileWriter::create(*vfs_, kName);
    ASSERT_TRUE(writer);
    for (const auto& [id, alignment, text] : sections_) {
      ASSERT_TRUE((*writer)->begin_section(id, alignment));
      // In two pieces.
      ASSERT_TRUE((*writer)->append(as_bytes(std::string_view(text).substr(0, text.size() / 2))));
      ASSERT_TRUE((*writer)->append(as_bytes(std::string_view(text).substr(text.size() / 2))));
    }
    EXPECT_FALSE(*vfs_->exists(kName)) << "it has its name before it is finished";
    ASSERT_TRUE((*writer)->finish());
    whole_ = *disk_->files.at(kName);
    EXPECT_EQ(disk_->files.size(), 1U);
  }

  auto open(Buffer bytes) {
    disk_->files[kName] = std::make_shared<const Buffer>(std::move(bytes));
    return SegmentFile::open(*vfs_, kName);
  }

  /// What opening it and reading it all says.
  Expected<void> check(Buffer bytes) {
    const auto file = open(std::move(bytes));
    if (!file) return file.error();
    // Nothing is out of bounds, whatever is wrong.
    for (const auto& section : sections_) {
      const auto content = (*file)->section(section.id);
      if (content && content->size() > (*file)->size()) return Error{Code::kInternal, "beyond"};
    }
    return (*file)->verify();
  }

  /// Gives a file with a changed table its checksums back, so that only the content is wrong.
  void seal(Buffer& bytes) const {
    const size_t footer = bytes.size() - 32;
    uint64_t table = 0;
    std::memcpy(&table, &bytes[footer], 8);
    const uint32_t table_crc = crc32c(Bytes(bytes).subspan(table, footer - table));
    std::memcpy(&bytes[footer + 12], &table_crc, 4);
    const uint32_t crc = crc32c(Bytes(bytes).subspan(footer, 20));
    std::memcpy(&bytes[footer + 20], &crc, 4);
  }

  struct Section {
    uint32_t id;
    uint32_t alignment;
    std::string text;
  };
  const std::vector<Section> sections_{
      {1, 8, "one"}, {9, 64, ""}, {4, 4096, std::string(100, 'x')}, {5, 8, "last"}};
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::shared_ptr<Vfs> vfs_ = memory_vfs(disk_);
  Buffer whole_;
};

TEST_F(SegmentFileTest, SectionsComeBackAligned) {
  const auto file = open(whole_);
  ASSERT_TRUE(file) << file.error().message;
  const Bytes first = *(*file)->section(1);
  for (const auto& [id, alignment, text] : sections_) {
    const auto section = (*file)->section(id);
    ASSERT_TRUE(section);
    EXPECT_EQ(as_text(*section), text);
    EXPECT_EQ(static_cast<size_t>(section->data() - first.data() + 64) % alignment, 0U);
  }
  EXPECT_EQ((*file)->section(2).error().code, Code::kCorruptFile);
  EXPECT_EQ((*file)->size(), whole_.size());
  EXPECT_TRUE((*file)->verify());
}

TEST_F(SegmentFileTest, CutAnywhereItIsRefused) {
  for (size_t size = 0; size < whole_.size(); ++size) {
    const Buffer cut(whole_.begin(), whole_.begin() + static_cast<ptrdiff_t>(size));
    ASSERT_EQ(open(cut).error().code, Code::kCorruptFile) << size;
  }
}

TEST_F(SegmentFileTest, AnyFlippedBitIsFound) {
  for (size_t bit = 0; bit < whole_.size() * 8; ++bit) {
    Buffer damaged = whole_;
    damaged[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    const auto checked = check(damaged);
    ASSERT_FALSE(checked) << bit;
    ASSERT_EQ(checked.error().code, Code::kCorruptFile) << bit;
    ASSERT_NE(checked.error().message.find(kName), std::string::npos);
  }
}

TEST_F(SegmentFileTest, ATableThatLiesIsRefused) {
  const size_t footer = whole_.size() - 32;
  uint64_t table = 0;
  std::memcpy(&table, &whole_[footer], 8);
  const uint64_t lies[] = {0,
                           1,
                           8,
                           63,
                           72,
                           4096,
                           footer,
                           whole_.size(),
                           UINT64_MAX,
                           UINT64_MAX - 7,
                           uint64_t{1} << 63,
                           uint64_t{1} << 32};
  for (size_t section = 0; section < sections_.size(); ++section) {
    if (sections_[section].text.empty()) continue;        // may lie anywhere
    for (const size_t field : {size_t{8}, size_t{16}}) {  // offset, size
      for (const uint64_t lie : lies) {
        Buffer damaged = whole_;
        uint64_t truth = 0;
        std::memcpy(&truth, &damaged[table + section * 24 + field], 8);
        if (truth == lie) continue;
        std::memcpy(&damaged[table + section * 24 + field], &lie, 8);
        seal(damaged);
        const auto checked = check(damaged);
        ASSERT_FALSE(checked) << section << ", " << field << ", " << lie;
        ASSERT_EQ(checked.error().code, Code::kCorruptFile);
      }
    }
  }
}

TEST_F(SegmentFileTest, MoreSectionsThanThereIsRoomForAreRefused) {
  for (const uint32_t count : {0U, 3U, 5U, 1025U, 0xFFFFFFFFU}) {
    Buffer damaged = whole_;
    std::memcpy(&damaged[whole_.size() - 24], &count, 4);
    seal(damaged);
    EXPECT_FALSE(open(damaged)) << count;
  }
}

TEST_F(SegmentFileTest, DamageIsFoundInTheBlockWhereItIs) {
  constexpr uint64_t kBlock = 65536;
  const std::vector<uint64_t> sizes{kBlock, 2 * kBlock + 100, 0, 3 * kBlock - 1};
  std::mt19937 random(1);
  auto writer = SegmentFileWriter::create(*vfs_, kName);
  ASSERT_TRUE(writer);
  for (uint32_t section = 0; section < sizes.size(); ++section) {
    ASSERT_TRUE((*writer)->begin_section(section, 64));
    Buffer content(sizes[section]);
    for (uint8_t& byte : content) byte = static_cast<uint8_t>(random());
    // In pieces that end anywhere in a block.
    for (Bytes rest = content; !rest.empty();) {
      const Bytes piece = rest.first(std::min<size_t>(rest.size(), random() % (2 * kBlock)));
      ASSERT_TRUE((*writer)->append(piece));
      rest = rest.subspan(piece.size());
    }
  }
  ASSERT_TRUE((*writer)->finish());
  const Buffer whole = *disk_->files.at(kName);
  const auto sound = open(whole);
  ASSERT_TRUE((*sound)->verify());
  EXPECT_TRUE((*sound)->damaged_blocks().empty());

  const uint8_t* start = (*sound)->section(0)->data() - 64;
  for (uint32_t section = 0; section < sizes.size(); ++section) {
    const auto begin = static_cast<uint64_t>((*sound)->section(section)->data() - start);
    for (const uint64_t at : {uint64_t{0}, kBlock - 1, kBlock, 2 * kBlock + 99, 3 * kBlock - 2}) {
      if (at >= sizes[section]) continue;
      Buffer damaged = whole;
      damaged[begin + at] ^= 1U;
      const auto file = open(damaged);
      const auto blocks = (*file)->damaged_blocks();
      ASSERT_EQ(blocks.size(), 1U) << section << ", " << at;
      EXPECT_EQ(blocks[0].section, section);
      EXPECT_EQ(blocks[0].block, at / kBlock);
      EXPECT_EQ(blocks[0].offset, begin + at / kBlock * kBlock);
      EXPECT_EQ(blocks[0].size, std::min(kBlock, sizes[section] - at / kBlock * kBlock));
      const std::string place =
          "block " + std::to_string(at / kBlock) + " of section " + std::to_string(section) + " (";
      const auto checked = (*file)->verify();
      ASSERT_FALSE(checked);
      EXPECT_NE(checked.error().message.find(place), std::string::npos) << checked.error().message;
    }
  }
  Buffer damaged = whole;
  damaged[64] ^= 1U;
  damaged[64 + kBlock] ^= 1U;
  const auto twice = open(damaged);
  EXPECT_EQ((*twice)->damaged_blocks().size(), 2U);
  EXPECT_NE((*twice)->verify().error().message.find("damaged blocks: 2"), std::string::npos);
}

TEST_F(SegmentFileTest, ALaterVersionIsNotRead) {
  Buffer later = whole_;
  const uint32_t version = 2;
  std::memcpy(&later[8], &version, 4);
  const uint32_t crc = crc32c(Bytes(later).first(12));
  std::memcpy(&later[12], &crc, 4);
  EXPECT_EQ(open(later).error().code, Code::kUnsupportedFormat);
}

TEST_F(SegmentFileTest, AMissingFileIsNamed) {
  const auto file = SegmentFile::open(*vfs_, "seg-000009.qseg");
  EXPECT_EQ(file.error().code, Code::kMissingFile);
  EXPECT_NE(file.error().message.find("seg-000009.qseg"), std::string::npos);
}

}  // namespace
}  // namespace quiver::store
