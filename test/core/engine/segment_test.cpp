// Segment files that no writer of this release makes.

#include "engine/segment.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "engine/segment_sections.h"
#include "store/file_names.h"
#include "store/segment_file.h"
#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;

constexpr uint32_t kDim = 8;

class SegmentOfALaterRelease : public testing::Test {
 protected:
  void SetUp() override {
    std::mt19937 random(1);
    BatchMaker batch(kDim);
    for (uint32_t i = 0; i < 1100; ++i) {
      batch.insert(std::to_string(i), random_vector(random, kDim));
    }
    ASSERT_TRUE(index_.commit(batch));
    ASSERT_TRUE(index_->request_optimize());
    index_.maintain();
    for (const auto& [name, content] : index_.disk_->files) {
      if (store::segment_file_number(name)) name_ = name;
    }
    auto file = store::SegmentFile::open(*vfs_, name_);
    ASSERT_TRUE(file);
    file_ = std::move(*file);
    ASSERT_FALSE(error()) << error()->message;
  }

  std::optional<Error> error() {
    const SegmentMemory memory{std::make_shared<column::BlockCache>(0), 0};
    auto opened = Segment::open(*vfs_, name_, Metric::kL2, kDim, memory);
    if (opened) return std::nullopt;
    return opened.error();
  }

  /// The codes' kind, with whatever follows it.
  Buffer later_codes() {
    const Bytes codes = *file_->section(kCodeInfo);
    Buffer later(codes.begin(), codes.end());
    later[0] = 77;
    return later;
  }

  CollectionFixture index_;
  std::shared_ptr<store::Vfs> vfs_ = store::memory_vfs(index_.disk_);
  std::string name_;
  std::unique_ptr<store::SegmentFile> file_;
};

TEST_F(SegmentOfALaterRelease, WithCodesOfAnUnknownKindIsNotCalledCorrupt) {
  const Buffer later = later_codes();
  auto writer = store::SegmentFileWriter::create(*vfs_, name_, nullptr);
  ASSERT_TRUE(writer);
  for (uint32_t id = 0; id < 1000; ++id) {
    if (!file_->has_section(id)) continue;
    ASSERT_TRUE((*writer)->begin_section(id, 4096));
    ASSERT_TRUE((*writer)->append(id == kCodeInfo ? Bytes(later) : *file_->section(id)));
  }
  ASSERT_TRUE((*writer)->finish());
  ASSERT_TRUE(error());
  EXPECT_EQ(error()->code, Code::kUnsupportedFormat);
  EXPECT_NE(error()->message.find(name_), std::string::npos) << error()->message;
  EXPECT_NE(error()->message.find("77"), std::string::npos) << error()->message;
}

TEST_F(SegmentOfALaterRelease, IsNotTakenForOneWhereABitFlipped) {
  Buffer content = *index_.disk_->files.at(name_);
  content[file_->offset_of(*file_->section(kCodeInfo))] = 77;
  index_.disk_->files[name_] = std::make_shared<const Buffer>(std::move(content));
  ASSERT_TRUE(error());
  EXPECT_EQ(error()->code, Code::kCorruptFile);
  EXPECT_NE(error()->message.find(name_), std::string::npos) << error()->message;
}

}  // namespace
}  // namespace quiver::engine
