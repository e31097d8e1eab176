#include "store/manifest.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/crc32c.h"
#include "base/varint.h"
#include "store/vfs_memory.h"

namespace quiver::store {
namespace {

Manifest example() {
  Manifest manifest;
  manifest.index = 0x0123456789ABCDEF;
  manifest.config = {1, 2, 3};
  manifest.next_file_number = 300;
  manifest.first_log = 17;
  manifest.first_sequence = uint64_t{1} << 40;
  manifest.segments = {{5, 10, {}}, {16, 1000, {0, 1, 2, 500, 999}}, {9, 1, {0}}};
  return manifest;
}

void expect_equal(const Manifest& a, const Manifest& b) {
  EXPECT_EQ(a.index, b.index);
  EXPECT_EQ(a.config, b.config);
  EXPECT_EQ(a.next_file_number, b.next_file_number);
  EXPECT_EQ(a.first_log, b.first_log);
  EXPECT_EQ(a.first_sequence, b.first_sequence);
  ASSERT_EQ(a.segments.size(), b.segments.size());
  for (size_t i = 0; i < a.segments.size(); ++i) {
    EXPECT_EQ(a.segments[i].number, b.segments[i].number);
    EXPECT_EQ(a.segments[i].rows, b.segments[i].rows);
    EXPECT_EQ(a.segments[i].deleted_rows, b.segments[i].deleted_rows);
  }
}

/// A manifest with this body and right checksums.
Buffer with_body(const Buffer& body, uint32_t version = 1) {
  ByteWriter file;
  file.put_text("QUIVMAN1");
  file.put<uint32_t>(version);
  file.put<uint32_t>(static_cast<uint32_t>(body.size()));
  file.put<uint32_t>(crc32c(body));
  file.put<uint32_t>(crc32c(file.buffer()));
  file.put_bytes(body);
  return file.take();
}

TEST(Manifest, ComesBack) {
  const auto decoded = decode_manifest(encode_manifest(example()));
  ASSERT_TRUE(decoded) << decoded.error().message;
  expect_equal(*decoded, example());
}

TEST(Manifest, IsReadAsTheDocumentSays) {
  ByteWriter body;
  body.put<uint64_t>(0x0123456789ABCDEF);
  for (const uint64_t number : {3, 1, 2, 3, 300, 17}) put_varint(body, number);
  put_varint(body, uint64_t{1} << 40);
  for (const uint64_t number : {3, 5, 10, 0, 16, 1000, 5, 0, 0, 0, 497, 498, 9, 1, 1, 0}) {
    put_varint(body, number);
  }
  const auto decoded = decode_manifest(with_body(body.buffer()));
  ASSERT_TRUE(decoded) << decoded.error().message;
  expect_equal(*decoded, example());
}

TEST(Manifest, CutOrChangedAnywhereItIsRefused) {
  const Buffer whole = encode_manifest(example());
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_EQ(decode_manifest(Bytes(whole).first(size)).error().code, Code::kCorruptFile);
  }
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Buffer damaged = whole;
    damaged[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    ASSERT_FALSE(decode_manifest(damaged)) << bit;
  }
}

TEST(Manifest, ALaterVersionIsNotRead) {
  EXPECT_EQ(decode_manifest(with_body({}, 2)).error().code, Code::kUnsupportedFormat);
}

TEST(Manifest, NumbersThatLieAreRefusedBeforeMemoryIsTaken) {
  const auto refused = [](std::initializer_list<uint64_t> numbers) {
    ByteWriter body;
    body.put<uint64_t>(1);
    for (const uint64_t number : numbers) put_varint(body, number);
    const auto decoded = decode_manifest(with_body(body.buffer()));
    return !decoded && decoded.error().code == Code::kCorruptFile;
  };
  EXPECT_FALSE(refused({0, 1, 1, 1, 0})) << "a sound one";
  EXPECT_TRUE(refused({UINT64_MAX}));                                // configuration
  EXPECT_TRUE(refused({0, 1, 1, 1, UINT64_MAX}));                    // segments
  EXPECT_TRUE(refused({0, 1, 1, 1, 1, 1, UINT64_MAX, 0}));           // rows
  EXPECT_TRUE(refused({0, 1, 1, 1, 1, 1, 0xFFFFFFFE, 0xFFFFFFF0}));  // deleted rows
  EXPECT_TRUE(refused({0, 1, 1, 1, 1, 1, 5, 6, 0, 0, 0, 0, 0, 0}));  // more than there are
  EXPECT_TRUE(refused({0, 1, 1, 1, 1, 1, 5, 1, 5}));                 // beyond the last
  EXPECT_TRUE(refused({0, 1, 1, 1, 1, 1, 5, 2, 4, 0}));
  EXPECT_TRUE(refused({0, 1, 1, 1, 1, 1, 5, 2, 0, UINT64_MAX}));
  EXPECT_TRUE(refused({0, 1, 1, 1, 0, 0}));  // bytes after the end
}

TEST(Manifest, NumbersThatNoWriterGivesAreRefused) {
  const auto code = [](auto change) {
    Manifest manifest = example();
    change(manifest);
    const auto decoded = decode_manifest(encode_manifest(manifest));
    return decoded ? std::nullopt : std::optional(decoded.error().code);
  };
  for (const uint64_t number : {uint64_t{0}, UINT64_MAX, uint64_t{1} << 63}) {
    EXPECT_EQ(code([&](Manifest& m) { m.next_file_number = number; }), Code::kCorruptFile);
    EXPECT_EQ(code([&](Manifest& m) { m.first_log = number; }), Code::kCorruptFile);
    EXPECT_EQ(code([&](Manifest& m) { m.first_sequence = number; }), Code::kCorruptFile);
    EXPECT_EQ(code([&](Manifest& m) { m.segments[1].number = number; }), Code::kCorruptFile);
  }
  const uint64_t greatest = (uint64_t{1} << 63) - 1;
  EXPECT_EQ(code([&](Manifest& m) { m.next_file_number = greatest; }), std::nullopt);
}

TEST(Manifest, ASegmentNamedTwiceIsRefused) {
  Manifest manifest = example();
  ASSERT_GE(manifest.segments.size(), 2U);
  manifest.segments.back().number = manifest.segments.front().number;
  const auto decoded = decode_manifest(encode_manifest(manifest));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Code::kCorruptFile);
}

TEST(Manifest, OnDisk) {
  auto disk = std::make_shared<MemoryDisk>();
  const auto vfs = memory_vfs(disk);
  EXPECT_EQ(read_manifest(*vfs).error().code, Code::kIndexNotFound);
  EXPECT_EQ(read_manifest_mark(*vfs).error().code, Code::kIndexNotFound);
  Manifest manifest = example();
  ASSERT_TRUE(write_manifest(*vfs, manifest));
  expect_equal(*read_manifest(*vfs), manifest);
  const auto mark = read_manifest_mark(*vfs);
  EXPECT_EQ(*read_manifest_mark(*vfs), *mark);
  ++manifest.next_file_number;
  ASSERT_TRUE(write_manifest(*vfs, manifest));
  EXPECT_NE(*read_manifest_mark(*vfs), *mark);
  EXPECT_EQ(disk->files.size(), 1U) << "the temporary file is gone";
}

}  // namespace
}  // namespace quiver::store
