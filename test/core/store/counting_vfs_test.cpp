#include "store/counting_vfs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "store/vfs_memory.h"
#include "store/vfs_native.h"

namespace quiver::store {
namespace {

TEST(CountingVfs, CountsWhatGoesThrough) {
  const auto inner = memory_vfs(std::make_shared<MemoryDisk>());
  IoCounts counts;
  CountingVfs vfs(*inner, counts);
  {
    auto file = vfs.create("file");
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->append(as_bytes("one ")));
    ASSERT_TRUE((*file)->append(as_bytes("two")));
    ASSERT_TRUE((*file)->sync());
  }
  ASSERT_TRUE(vfs.create_exclusive("lock", as_bytes("mine")));
  ASSERT_TRUE(vfs.sync_file("file"));
  ASSERT_TRUE(vfs.sync_folder());
  EXPECT_EQ(counts.writes, 3U);
  EXPECT_EQ(counts.bytes_written, 11U);
  EXPECT_EQ(counts.syncs, 3U);
  EXPECT_EQ(counts.reads, 0U);
  EXPECT_EQ(as_text((*vfs.read("file"))->bytes()), "one two");
  EXPECT_EQ(as_text((*vfs.read_from("file", 4))->bytes()), "two");
  EXPECT_EQ(counts.reads, 2U);
  EXPECT_EQ(counts.bytes_read, 10U);
  EXPECT_EQ(counts.bytes_mapped, 0U);
}

TEST(CountingVfs, WhatFailsIsNotCountedAndTheErrorStays) {
  const auto inner = memory_vfs(std::make_shared<MemoryDisk>());
  IoCounts counts;
  CountingVfs vfs(*inner, counts);
  EXPECT_EQ(vfs.read("none").error().code, Code::kMissingFile);
  EXPECT_EQ(vfs.read_from("none", 1).error().code, Code::kMissingFile);
  ASSERT_TRUE(vfs.create_exclusive("lock", as_bytes("mine")));
  EXPECT_EQ(vfs.create_exclusive("lock", as_bytes("yours")).error().code, Code::kLocked);
  EXPECT_EQ(counts.reads, 0U);
  EXPECT_EQ(counts.writes, 1U);
  EXPECT_EQ(counts.bytes_written, 4U);
}

TEST(CountingVfs, WhatIsMappedIsNotCountedAsRead) {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("quiver-counting-" + std::to_string(std::random_device{}()));
  const auto inner = native_vfs(folder.string());
  ASSERT_TRUE(inner->make_folder());
  IoCounts counts;
  {
    CountingVfs vfs(*inner, counts);
    {
      auto file = vfs.create("file");
      ASSERT_TRUE(file);
      ASSERT_TRUE((*file)->append(as_bytes("one two")));
    }
    EXPECT_EQ(as_text((*vfs.read("file"))->bytes()), "one two");
    EXPECT_EQ(as_text((*vfs.read_from("file", 4))->bytes()), "two");
  }
  EXPECT_EQ(counts.bytes_read, 0U);
  EXPECT_EQ(counts.bytes_mapped, 10U);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace quiver::store
