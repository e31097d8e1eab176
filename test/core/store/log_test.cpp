// A log of a few transactions, then every way in which its bytes can be cut or changed: what comes
// out is always a prefix of what went in, and damage that no crash explains is an error.

#include "store/log.h"

#include <gtest/gtest.h>

#include <random>

#include "base/crc32c.h"
#include "store/log_salvage.h"
#include "store/vfs_memory.h"

namespace quiver::store {
namespace {

using Transactions = std::vector<std::vector<std::string>>;

const Transactions kWritten = {{"a"}, {"bb", "", "ccc"}, {std::string(700, 'd')}, {"e", "f"}};

class LogTest : public testing::Test {
 protected:
  void write(const Transactions& transactions, bool sync_each) {
    auto log = LogWriter::create(*vfs_, 7, 100);
    ASSERT_TRUE(log);
    ends_.push_back((*log)->size());
    for (const auto& transaction : transactions) {
      for (size_t i = 0; i < transaction.size(); ++i) {
        ASSERT_TRUE((*log)->append(as_bytes(transaction[i]), i + 1 == transaction.size()));
      }
      ASSERT_TRUE(sync_each ? (*log)->sync() : (*log)->flush());
      ends_.push_back((*log)->size());
    }
    // The room behind is a matter of two tests alone.
    Buffer written = content();
    reserved_ = written.size() - ends_.back();
    written.resize(ends_.back());
    set_content(std::move(written));
  }

  Buffer content() { return *disk_->files.at(log_file_name(7)); }
  void set_content(Buffer bytes) {
    disk_->files[log_file_name(7)] = std::make_shared<const Buffer>(std::move(bytes));
  }

  Expected<ReplayResult> replay(LogTail tail = LogTail::kFinal, LogPosition from = {0, 100}) {
    read_.clear();
    return replay_log(*vfs_, 7, from, tail, [this](std::span<const Bytes> payloads) {
      auto& transaction = read_.emplace_back();
      for (const Bytes payload : payloads) transaction.emplace_back(as_text(payload));
      return Expected<void>();
    });
  }

  [[nodiscard]] bool read_is_prefix() const {
    return read_.size() <= kWritten.size() &&
           std::equal(read_.begin(), read_.end(), kWritten.begin());
  }

  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::shared_ptr<Vfs> vfs_ = memory_vfs(disk_);
  std::vector<size_t> ends_;  // of the header and of each transaction
  size_t reserved_ = 0;       // bytes behind the last
  Transactions read_;
};

TEST_F(LogTest, WhatWasWrittenComesBack) {
  write(kWritten, true);
  const auto result = replay();
  ASSERT_TRUE(result);
  EXPECT_EQ(read_, kWritten);
  EXPECT_EQ(result->end.next_sequence, 107U);
  EXPECT_EQ(result->end.offset, content().size());
  EXPECT_FALSE(result->torn_tail);
}

TEST_F(LogTest, RoomThatWaitsForRecordsIsNoTornTail) {
  write(kWritten, true);
  ASSERT_GT(reserved_, 0U);
  const Buffer written = content();
  for (const size_t room : {size_t{1}, size_t{8}, reserved_, size_t{1} << 20}) {
    Buffer longer = written;
    longer.resize(written.size() + room);
    set_content(longer);
    for (const LogTail tail : {LogTail::kFinal, LogTail::kGrowing}) {
      const auto result = replay(tail);
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_EQ(read_, kWritten);
      EXPECT_FALSE(result->torn_tail);
      EXPECT_EQ(result->end.offset, written.size());
    }
    const auto salvaged = salvage_log(*vfs_, 7);
    ASSERT_TRUE(salvaged);
    EXPECT_EQ(salvaged->tail_bytes, 0U);
    EXPECT_EQ(salvaged->damaged_bytes, 0U);
  }
  // A record that is not whole is torn wherever it stands.
  Buffer torn = written;
  torn.resize(written.size() + 100);
  torn[written.size() + 3] = 1;
  set_content(torn);
  const auto result = replay();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(read_, kWritten);
  EXPECT_TRUE(result->torn_tail);
}

TEST_F(LogTest, RoomIsReservedForWhatIsSyncedOftenOnly) {
  write({{"a"}}, true);
  EXPECT_EQ(reserved_, 0U);
  ends_.clear();
  write({{"a"}, {std::string(1 << 20, 'b')}}, true);
  EXPECT_EQ(reserved_, 0U);
  ends_.clear();
  write({{"a"}, {"b"}}, false);
  EXPECT_EQ(reserved_, 0U);
}

TEST_F(LogTest, CutAnywhereItGivesTheTransactionsThatAreWhole) {
  write(kWritten, true);
  const Buffer whole = content();
  for (size_t size = 0; size < whole.size(); ++size) {
    set_content(Buffer(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)));
    const auto result = replay();
    ASSERT_TRUE(result) << size << ": " << result.error().message;
    ASSERT_TRUE(read_is_prefix());
    // Padding may be missing from a whole transaction.
    size_t least = 0;
    while (least < kWritten.size() && ends_[least + 1] <= size) ++least;
    ASSERT_TRUE(read_.size() == least || (read_.size() == least + 1 && ends_[least + 1] - size < 8))
        << size;
    ASSERT_EQ(result->torn_tail, size < ends_[0] || (size > ends_[least] && read_.size() == least))
        << size;
  }
}

TEST_F(LogTest, NoFlippedBitIsTakenForWhatWasWritten) {
  write(kWritten, true);
  const Buffer whole = content();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Buffer damaged = whole;
    damaged[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    set_content(damaged);
    for (const LogTail tail : {LogTail::kFinal, LogTail::kGrowing}) {
      const auto result = replay(tail);
      ASSERT_TRUE(read_is_prefix()) << bit;
      if (result) {
        // Only the last transaction can look torn: all before it are known to have been synced.
        ASSERT_GE(bit / 8, ends_[3]) << bit;
        ASSERT_TRUE(result->torn_tail) << bit;
        ASSERT_EQ(read_.size(), 3U);
      } else {
        ASSERT_TRUE(result.error().code == Code::kCorruptFile ||
                    result.error().code == Code::kUnsupportedFormat)
            << bit;
        ASSERT_NE(result.error().message.find("log-000007.qlog"), std::string::npos);
      }
    }
  }
}

TEST_F(LogTest, SectorsMissingAmongUnsyncedRecordsAreATornTail) {
  write({{std::string(2000, 'a')}, {std::string(2000, 'b')}, {"c"}}, false);
  Buffer damaged = content();
  std::fill(damaged.begin() + 512, damaged.begin() + 1024, uint8_t{0});
  set_content(damaged);
  const auto result = replay();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->torn_tail);
  EXPECT_TRUE(read_.empty());
}

TEST_F(LogTest, SectorsMissingAmongSyncedRecordsAreDamage) {
  write({{std::string(2000, 'a')}, {std::string(2000, 'b')}, {"c"}}, true);
  Buffer damaged = content();
  std::fill(damaged.begin() + 512, damaged.begin() + 1024, uint8_t{0});
  set_content(damaged);
  EXPECT_EQ(replay().error().code, Code::kCorruptFile);
}

TEST_F(LogTest, ReadingGoesOnWhereItEnded) {
  write(kWritten, true);
  const Buffer whole = content();
  LogPosition position{0, 100};
  Transactions all;
  for (size_t size = 0; size <= whole.size(); size += 5) {
    set_content(Buffer(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)));
    const auto result = replay(LogTail::kGrowing, position);
    ASSERT_TRUE(result) << result.error().message;
    all.insert(all.end(), read_.begin(), read_.end());
    position = result->end;
  }
  set_content(whole);
  ASSERT_TRUE(replay(LogTail::kGrowing, position));
  all.insert(all.end(), read_.begin(), read_.end());
  EXPECT_EQ(all, kWritten);
}

TEST_F(LogTest, AnotherSequenceThanExpectedIsDamage) {
  write(kWritten, true);
  EXPECT_EQ(replay(LogTail::kFinal, {0, 99}).error().code, Code::kCorruptFile);
  EXPECT_EQ(replay(LogTail::kFinal, {0, 101}).error().code, Code::kCorruptFile);
}

TEST_F(LogTest, ARecordOfAnotherFileIsNotTakenForOneOfThis) {
  write({{"old"}}, true);
  const Buffer old = content();
  ends_.clear();
  write({{"new"}}, true);
  Buffer mixed = content();
  std::copy(old.begin() + 32, old.end(), mixed.begin() + 32);
  set_content(mixed);
  const auto result = replay();
  ASSERT_TRUE(result);
  EXPECT_TRUE(read_.empty());
  EXPECT_TRUE(result->torn_tail);
}

TEST_F(LogTest, AnErrorOfTheReceiverEndsTheReading) {
  write(kWritten, true);
  int calls = 0;
  const auto result = replay_log(*vfs_, 7, {0, 100}, LogTail::kFinal,
                                 [&calls](std::span<const Bytes>) -> Expected<void> {
                                   if (++calls == 2) return Error{Code::kInternal, "enough"};
                                   return {};
                                 });
  EXPECT_EQ(result.error().code, Code::kInternal);
  EXPECT_EQ(calls, 2);
}

TEST_F(LogTest, IsReadAsTheDocumentSays) {
  // By hand, from docs/format.md: one transaction of one record, "hi", numbered 5.
  constexpr uint32_t kSalt = 0x12345678;
  ByteWriter file;
  file.put_text("QUIVLOG1");
  file.put<uint32_t>(1);
  file.put<uint32_t>(kSalt);
  file.put<uint64_t>(5);
  file.put<uint32_t>(0);
  file.put<uint32_t>(crc32c(file.buffer()));
  ByteWriter record;
  record.put<uint32_t>(2);
  record.put<uint64_t>(5);
  record.put<uint32_t>(1);
  record.put<uint32_t>(crc32c(as_bytes("hi"), kSalt));
  file.put<uint32_t>(crc32c(record.buffer(), kSalt));
  file.put_bytes(record.buffer());
  file.put_text("hi");
  file.align(8);
  set_content(file.take());
  const auto result = replay(LogTail::kFinal, {0, 5});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(read_, (Transactions{{"hi"}}));
  EXPECT_EQ(result->end.next_sequence, 6U);
}

}  // namespace
}  // namespace quiver::store
