// What is saved of a damaged log is tested with repair (test/core/engine/repair_test.cpp). Here are
// logs of 16 MB that no writer makes: reading them takes no longer than reading others. If the time
// grew with the square of the size, ctest would end these tests.

#include "store/log_salvage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crc32c.h"
#include "store/log_frames.h"
#include "store/vfs_memory.h"

namespace quiver::store {
namespace {

constexpr size_t kWords = size_t{1} << 21;  // of 8 bytes
constexpr uint32_t kSalt = 77;

class HostileLogTest : public testing::Test {
 protected:
  /// A file with a sound header and these words.
  void write(const std::vector<uint64_t>& words) {
    const LogFileHeader header = log_file_header(kSalt, 1);
    ByteWriter file;
    file.put(header);
    file.put_bytes(as_bytes(std::span<const uint64_t>(words)));
    disk_->files[log_file_name(7)] = std::make_shared<const Buffer>(file.take());
  }

  void damage_header() {
    Buffer content = *disk_->files.at(log_file_name(7));
    content[12] ^= 1;
    disk_->files[log_file_name(7)] = std::make_shared<const Buffer>(std::move(content));
  }

  SalvagedLog salvage() {
    auto log = salvage_log(*vfs_, 7);
    EXPECT_TRUE(log) << log.error().message;
    return std::move(*log);
  }

  Expected<ReplayResult> replay() {
    return replay_log(*vfs_, 7, {0, 1}, LogTail::kFinal,
                      [](std::span<const Bytes>) { return Expected<void>(); });
  }

  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::shared_ptr<Vfs> vfs_ = memory_vfs(disk_);
};

/// A frame without a payload.
std::array<uint64_t, 3> empty_frame(uint64_t sequence, uint64_t unsynced) {
  LogFrameHeader header{0, 0, sequence, static_cast<uint32_t>(unsynced << 1 | kLastOfTransaction),
                        crc32c({}, kSalt)};
  header.header_crc = crc_of(header, kSalt);
  std::array<uint64_t, 3> words{};
  std::memcpy(words.data(), &header, sizeof(header));
  return words;
}

TEST_F(HostileLogTest, HeadersInsideOfEachOthersPayloads) {
  std::vector<uint64_t> words(kWords, 0x0123456789ABCDEF);
  for (size_t i = kWords - 3; i-- > 0;) {
    LogFrameHeader header;
    std::memcpy(&header, &words[i], sizeof(header));
    header.payload_size = static_cast<uint32_t>((kWords - i - 3) * sizeof(uint64_t));
    header.header_crc = crc_of(header, kSalt);
    std::memcpy(&words[i], &header, sizeof(uint64_t));
  }
  write(words);
  EXPECT_TRUE(salvage().records.empty());
  ASSERT_TRUE(replay());
  EXPECT_TRUE(replay()->torn_tail);
}

TEST_F(HostileLogTest, ManyGapsThatACrashCouldHaveLeft) {
  std::vector<uint64_t> words(kWords);
  for (size_t i = 0; i + 4 <= kWords; i += 4) {
    const auto frame = empty_frame(1 + i / 4, kNothingSynced);
    std::copy(frame.begin(), frame.end(), words.begin() + static_cast<ptrdiff_t>(i));
  }
  write(words);
  // Nothing tells that one of them was on the disk before another.
  const SalvagedLog unsynced = salvage();
  EXPECT_EQ(unsynced.records.size(), kWords / 4);
  EXPECT_EQ(unsynced.before_tail, 1U);
  EXPECT_EQ(unsynced.damaged_bytes, 0U);

  // The last one does: all that is missing between the others is damage.
  const auto last = empty_frame(kWords / 4, 0);
  std::copy(last.begin(), last.end(), words.end() - 4);
  write(words);
  const SalvagedLog synced = salvage();
  EXPECT_EQ(synced.before_tail, kWords / 4 - 1);
  EXPECT_EQ(synced.damaged_bytes, (kWords / 4 - 2) * 8);
  EXPECT_EQ(synced.tail_bytes, 8U);
}

TEST_F(HostileLogTest, WithoutASaltMuchThatLooksLikeAHeader) {
  std::vector<uint64_t> words(kWords);
  for (size_t i = 0; i < kWords; i += 2) {
    words[i] = uint64_t{kWords} * 4 << 32 | i;  // a payload of half the file
    words[i + 1] = i + 1;                       // a number
  }
  write(words);
  damage_header();
  const SalvagedLog log = salvage();
  EXPECT_TRUE(log.records.empty());
  EXPECT_EQ(log.damaged_bytes, sizeof(LogFileHeader) + kWords * 8);
}

}  // namespace
}  // namespace quiver::store
