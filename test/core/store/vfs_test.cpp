// What every file system promises, on each: the one in memory, the one of the operating system, and
// that with what goes through it counted.

#include <gtest/gtest.h>

#if !defined(_WIN32)
#include <unistd.h>

#include <csignal>
#endif

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "store/counting_vfs.h"
#include "store/lock.h"
#include "store/vfs_memory.h"
#include "store/vfs_native.h"

namespace quiver::store {
namespace {

class VfsTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    static std::atomic<int> number{0};
    folder_ =
        std::filesystem::temp_directory_path() /
        ("quiver-vfs-" + std::to_string(std::random_device{}()) + "-" + std::to_string(number++));
    vfs_ = std::string_view(GetParam()) == "memory" ? memory_vfs(std::make_shared<MemoryDisk>())
                                                    : native_vfs((folder_ / "a" / "b").string());
    if (std::string_view(GetParam()) == "counted") {
      inner_ = std::exchange(vfs_, nullptr);
      vfs_ = std::make_shared<CountingVfs>(*inner_, counts_);
    }
    ASSERT_TRUE(vfs_->make_folder());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(std::string_view name, std::string_view text) {
    auto file = vfs_->create(name);
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE((*file)->append(as_bytes(text)));
    ASSERT_TRUE((*file)->sync());
  }

  std::string read(std::string_view name) {
    const auto file = vfs_->read(name);
    return file ? std::string(as_text((*file)->bytes())) : file.error().message;
  }

  std::filesystem::path folder_;
  IoCounts counts_;
  std::shared_ptr<Vfs> inner_;  // of the counted one
  std::shared_ptr<Vfs> vfs_;
};

TEST_P(VfsTest, WhatIsAppendedIsRead) {
  auto file = vfs_->create("file");
  ASSERT_TRUE(file);
  EXPECT_EQ(read("file"), "");
  EXPECT_TRUE((*file)->append({}));
  ASSERT_TRUE((*file)->append(as_bytes("one ")));
  {
    const auto before = vfs_->read("file");
    ASSERT_TRUE((*file)->append(as_bytes("two")));
    EXPECT_EQ(read("file"), "one two");
    EXPECT_EQ(as_text((*before)->bytes()), "one ");
  }
  EXPECT_EQ(*vfs_->size("file"), 7U);
  file->reset();
  write("file", "anew");
  EXPECT_EQ(read("file"), "anew");
}

TEST_P(VfsTest, RoomThatIsReservedHasZerosUntilItIsWritten) {
  auto file = vfs_->create("file");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->append(as_bytes("one ")));
  (*file)->reserve(10000);
  ASSERT_TRUE((*file)->append(as_bytes("two")));
  ASSERT_TRUE((*file)->sync());
  (*file)->reserve(5);  // it is longer already
  const std::string content = read("file");
  EXPECT_EQ(content.substr(0, 7), "one two");
  EXPECT_EQ(content.find_first_not_of('\0', 7), std::string::npos);
  // Not every system can reserve room.
  EXPECT_TRUE(content.size() == 10000 || content.size() == 7) << content.size();
  file->reset();
  EXPECT_EQ(read("file"), content);
}

TEST_P(VfsTest, TheEndOfAFileIsReadFromAnyByteOn) {
  write("file", "one two");
  for (const auto& [from, text] : std::vector<std::pair<uint64_t, std::string_view>>{
           {0, "one two"}, {4, "two"}, {7, ""}, {8, ""}, {UINT64_MAX, ""}}) {
    const auto bytes = vfs_->read_from("file", from);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(as_text((*bytes)->bytes()), text) << from;
  }
  EXPECT_EQ(vfs_->read_from("none", 3).error().code, Code::kMissingFile);
}

TEST_P(VfsTest, AFileIsReadableAfterItIsRemoved) {
  write("file", "text");
  const auto bytes = vfs_->read("file");
  const auto removed = vfs_->remove("file");
  EXPECT_EQ(as_text((*bytes)->bytes()), "text");
#ifdef _WIN32
  if (std::string_view(GetParam()) == "native") return;  // mapped files stay there
#endif
  ASSERT_TRUE(removed);
  EXPECT_FALSE(*vfs_->exists("file"));
}

TEST_P(VfsTest, RenameReplaces) {
  write("old", "old");
  write("new", "new");
  ASSERT_TRUE(vfs_->rename("new", "old"));
  EXPECT_EQ(read("old"), "new");
  EXPECT_EQ(*vfs_->list(), std::vector<std::string>{"old"});
  ASSERT_TRUE(vfs_->sync_folder());
}

TEST_P(VfsTest, ListIsSorted) {
  for (const char* name : {"b", "a", "c.tmp", "B2"}) write(name, "");
  EXPECT_EQ(*vfs_->list(), (std::vector<std::string>{"B2", "a", "b", "c.tmp"}));
}

TEST_P(VfsTest, WhatIsNotThereIsMissing) {
  EXPECT_EQ(vfs_->read("x").error().code, Code::kMissingFile);
  EXPECT_EQ(vfs_->size("x").error().code, Code::kMissingFile);
  EXPECT_EQ(vfs_->remove("x").error().code, Code::kMissingFile);
  EXPECT_EQ(vfs_->rename("x", "y").error().code, Code::kMissingFile);
  EXPECT_NE(vfs_->read("x").error().message.find('x'), std::string::npos);
  EXPECT_FALSE(*vfs_->exists("x"));
}

TEST_P(VfsTest, OnlyOneCreatesExclusively) {
  std::atomic<int> winners{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const std::string text = "winner " + std::to_string(i);
      const auto created = vfs_->create_exclusive("lock", as_bytes(text));
      if (created) {
        ++winners;
        EXPECT_EQ(read("lock"), text);
      } else {
        EXPECT_EQ(created.error().code, Code::kLocked);
        EXPECT_EQ(read("lock").substr(0, 7), "winner ");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(vfs_->list()->size(), 1U) << "no temporary file stays";
}

TEST_P(VfsTest, ReplaceFileLeavesNothingBehind) {
  ASSERT_TRUE(replace_file(*vfs_, "manifest", as_bytes("1")));
  ASSERT_TRUE(replace_file(*vfs_, "manifest", as_bytes("2")));
  EXPECT_EQ(read("manifest"), "2");
  EXPECT_EQ(vfs_->list()->size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Each, VfsTest, testing::Values("memory", "native", "counted"),
                         [](const auto& info) { return std::string(info.param); });

class NativeTest : public VfsTest {};

TEST_P(NativeTest, AFolderThatIsNotThereIsEmpty) {
  const auto nowhere = native_vfs((folder_ / "nowhere").string());
  EXPECT_TRUE(nowhere->list()->empty());
  EXPECT_FALSE(*nowhere->exists("manifest"));
  EXPECT_EQ(nowhere->create("file").error().code, Code::kMissingFile);
}

TEST_P(NativeTest, OnlyAnEmptyFolderIsRemoved) {
  write("mine", "");
  ASSERT_TRUE(vfs_->remove_folder_if_empty());
  EXPECT_TRUE(*vfs_->exists("mine"));
  ASSERT_TRUE(vfs_->remove("mine"));
  ASSERT_TRUE(vfs_->remove_folder_if_empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a" / "b"));
}

TEST_P(NativeTest, AFolderOfAnyNameAndLength) {
  // Longer than the 260 characters that Windows takes without being asked for more.
  std::vector<std::string> paths{folder_.string()};
  for (int i = 0; i < 8; ++i) {
    paths.push_back(paths.back() + "/d\xC3\xA9j\xC3\xA0 vu \xE5\x90\x91 " + std::string(40, 'x'));
  }
  const auto vfs = native_vfs(paths.back());
  const auto made = vfs->make_folder();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(vfs->make_folder()) << "it is there";
  ASSERT_TRUE(replace_file(*vfs, "manifest", as_bytes("text")));
  ASSERT_TRUE(vfs->create_exclusive("lock", as_bytes("held")));
  EXPECT_EQ(*vfs->list(), (std::vector<std::string>{"lock", "manifest"}));
  EXPECT_EQ(as_text((*vfs->read("manifest"))->bytes()), "text");
  EXPECT_EQ(vfs->describe(), paths.back());
  for (const char* name : {"lock", "manifest"}) EXPECT_TRUE(vfs->remove(name));
  // Here and not in TearDown: std::filesystem has the limit.
  for (; paths.size() > 1; paths.pop_back()) {
    EXPECT_TRUE(native_vfs(paths.back())->remove_folder_if_empty());
  }
  EXPECT_FALSE(*vfs->exists("manifest"));
}

TEST_P(NativeTest, OneFolderByManyPaths) {
  write("file", "text");
  const std::string path = (folder_ / "a" / "b").string();
  for (const char* end : {"", "/", "//", "/.", "/../b", "/../../a/b/"}) {
    const auto vfs = native_vfs(path + end);
    EXPECT_TRUE(vfs->make_folder()) << end;
    EXPECT_EQ(*vfs->list(), std::vector<std::string>{"file"}) << end;
    EXPECT_EQ(*vfs->size("file"), 4U) << end;
  }
}

TEST_P(NativeTest, AFileInTheWayIsNoFolder) {
  write("file", "text");
  const auto vfs = native_vfs((folder_ / "a" / "b" / "file" / "c").string());
  const auto made = vfs->make_folder();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kIoError);
  EXPECT_FALSE(*vfs->exists("manifest"));
}

TEST_P(NativeTest, WhatIsReplacedAndReadAtOnceIsWhole) {
  ASSERT_TRUE(replace_file(*vfs_, "manifest", as_bytes("0")));
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    for (; !stop; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
      // Let go of before the pause: on Windows a writer waits for a moment at which nobody reads.
      const auto file = vfs_->read("manifest");
      // Where replacing takes two steps there may be none for a moment: readers look again.
      if (!file && file.error().code == Code::kMissingFile) continue;
      ASSERT_TRUE(file) << file.error().message;
      EXPECT_EQ((*file)->bytes().size(), 1U);
    }
  });
  for (int i = 0; i < 100; ++i) {
    const auto replaced = replace_file(*vfs_, "manifest", as_bytes(std::to_string(i % 10)));
    EXPECT_TRUE(replaced) << replaced.error().message;
  }
  stop = true;
  reader.join();
}

TEST_P(NativeTest, ThisProcessIsAliveAndOthersAreNot) {
  const Owner self = vfs_->current_owner();
  EXPECT_TRUE(vfs_->is_alive(self));
  Owner other = self;
  other.start = "another start";
  EXPECT_FALSE(vfs_->is_alive(other)) << "the number was given to another process";
  other = self;
  other.pid = 0x7FFFFFFE;
  EXPECT_FALSE(vfs_->is_alive(other));
  other.host = "elsewhere";
  EXPECT_TRUE(vfs_->is_alive(other)) << "nobody knows";
}

INSTANTIATE_TEST_SUITE_P(Each, NativeTest, testing::Values("native"));

#if !defined(_WIN32)
TEST(NativeVfs, AProcessMayEndWhileItIsLookedAt) {
  const auto vfs = native_vfs(std::filesystem::temp_directory_path().string());
  Owner owner = vfs->current_owner();
  owner.start.clear();
  struct sigaction before {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;  // so that nothing is left of a child that has ended
  ASSERT_EQ(::sigaction(SIGCHLD, &ignore, &before), 0);
  for (int i = 0; i < 300; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(0);
    owner.pid = static_cast<uint64_t>(child);
    while (vfs->is_alive(owner)) continue;
  }
  ::sigaction(SIGCHLD, &before, nullptr);
}
#endif

class LockTest : public VfsTest {
 protected:
  std::vector<std::string> locks() {
    std::vector<std::string> names = *vfs_->list();
    return names;
  }
};

TEST_P(LockTest, IsHeldByOneUntilItIsReleased) {
  auto first = Lock::acquire(*vfs_);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = Lock::acquire(*vfs_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kLocked);
  EXPECT_NE(second.error().message.find(std::to_string(vfs_->current_owner().pid)),
            std::string::npos);
  first->reset();
  auto third = Lock::acquire(*vfs_);
  EXPECT_TRUE(third);
  EXPECT_EQ(locks().size(), 1U) << "old lock files are removed";
}

TEST_P(LockTest, OneOfManyGetsIt) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> holders{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int tries = 0; tries < 10; ++tries) {
          auto lock = Lock::acquire(*vfs_);
          if (!lock) continue;
          EXPECT_EQ(++holders, 1);
          --holders;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_TRUE(Lock::acquire(*vfs_));
}

TEST_P(LockTest, ALockFileOfNoKnownFormIsNotTakenOver) {
  write("lock-000003", "what is this?");
  const auto lock = Lock::acquire(*vfs_);
  EXPECT_EQ(lock.error().code, Code::kLocked);
  EXPECT_NE(lock.error().message.find("lock-000003"), std::string::npos);
}

TEST_P(LockTest, AnotherHostCountsAsAlive) {
  write("lock-000001", "held\n1\n\nelsewhere\n");
  EXPECT_EQ(Lock::acquire(*vfs_).error().code, Code::kLocked);
  write("lock-000001", "released\n1\n\nelsewhere\n");
  EXPECT_TRUE(Lock::acquire(*vfs_));
}

TEST_P(LockTest, RemovedWithTheIndex) {
  {
    const auto lock = Lock::acquire(*vfs_);
    ASSERT_TRUE(lock);
  }
  EXPECT_EQ(locks().size(), 1U);
  ASSERT_TRUE(remove_lock_files(*vfs_));
  EXPECT_TRUE(locks().empty());
}

INSTANTIATE_TEST_SUITE_P(Each, LockTest, testing::Values("memory", "native", "counted"),
                         [](const auto& info) { return std::string(info.param); });

class DeadOwner : public VfsTest {};

TEST_P(DeadOwner, IsSucceeded) {
  const Owner self = vfs_->current_owner();
  write("lock-000041", "held\n" + std::to_string(0x7FFFFFFE) + "\nlong ago\n" + self.host + "\n");
  const auto lock = Lock::acquire(*vfs_);
  ASSERT_TRUE(lock) << lock.error().message;
  EXPECT_EQ(*vfs_->list(), std::vector<std::string>{"lock-000042"});
}

/// Owners of which nobody here can say whether they live.
class FarOwner : public VfsTest {
 protected:
  static constexpr const char* kHeld = "held\n1\n\nelsewhere\n";

  void set_age(const char* name, std::chrono::seconds age) {
    std::filesystem::last_write_time(folder_ / "a" / "b" / name,
                                     std::filesystem::file_time_type::clock::now() - age);
  }
};

TEST_P(FarOwner, IsSucceededAfterALongSilence) {
  for (const char* content : {kHeld, "half of it"}) {
    write("lock-000001", content);
    set_age("lock-000001", Lock::kStaleAfter - std::chrono::seconds(5));
    EXPECT_EQ(Lock::acquire(*vfs_).error().code, Code::kLocked);
    set_age("lock-000001", Lock::kStaleAfter + std::chrono::seconds(1));
    const auto lock = Lock::acquire(*vfs_);
    ASSERT_TRUE(lock) << lock.error().message;
    EXPECT_EQ(*vfs_->list(), std::vector<std::string>{"lock-000002"});
    ASSERT_TRUE(vfs_->remove("lock-000002"));
  }
}

TEST_P(FarOwner, OfThisHostThatLivesIsNot) {
  const auto lock = Lock::acquire(*vfs_);
  ASSERT_TRUE(lock);
  set_age("lock-000001", std::chrono::hours(1));
  EXPECT_EQ(Lock::acquire(*vfs_).error().code, Code::kLocked);
}

TEST_P(FarOwner, SaysThatItLives) {
  const auto lock = Lock::acquire(*vfs_);
  ASSERT_TRUE(lock);
  const auto start = std::chrono::steady_clock::now();
  const uint64_t now = *vfs_->modified_ms("lock-000001");
  set_age("lock-000001", std::chrono::hours(1));
  ASSERT_TRUE((*lock)->keep(start));
  EXPECT_LT(*vfs_->modified_ms("lock-000001"), now);
  ASSERT_TRUE((*lock)->keep(start + Lock::kBeatEvery + std::chrono::seconds(1)));
  EXPECT_GE(*vfs_->modified_ms("lock-000001"), now);
  EXPECT_EQ(*vfs_->list(), std::vector<std::string>{"lock-000001"});
}

TEST_P(FarOwner, NoticesThatItWasSucceeded) {
  for (const bool beats : {false, true}) {
    auto lock = Lock::acquire(*vfs_);
    ASSERT_TRUE(lock);
    write("lock-000009", kHeld);
    if (!beats) {
      ASSERT_TRUE(vfs_->remove(vfs_->list()->front()));
    }
    const auto kept =
        (*lock)->keep(std::chrono::steady_clock::now() + std::chrono::seconds(beats ? 60 : 0));
    ASSERT_EQ(kept.error().code, Code::kLocked);
    lock->reset();
    EXPECT_EQ(read("lock-000009"), kHeld);
    ASSERT_TRUE(remove_lock_files(*vfs_));
  }
}

INSTANTIATE_TEST_SUITE_P(Each, FarOwner, testing::Values("native"));
INSTANTIATE_TEST_SUITE_P(Each, DeadOwner, testing::Values("native"));

}  // namespace
}  // namespace quiver::store
