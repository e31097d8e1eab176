#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/bytes.h"

namespace quiver::column {

/// Blocks that were decompressed lately. When there are too many bytes of them, those go that were
/// not used since the last look (second chance, as Corbató's CLOCK), so that finding one moves
/// nothing. Threads: any number, in shards that lock by themselves.
class BlockCache {
 public:
  /// Keeps about `capacity` bytes.
  explicit BlockCache(size_t capacity) : shard_capacity_(capacity / kShards) {}

  /// A number for a column, by which its blocks are told from others'.
  uint32_t new_owner() { return next_owner_.fetch_add(1, std::memory_order_relaxed); }

  /// The block, or null if it is not there.
  std::shared_ptr<const Buffer> find(uint32_t owner, uint32_t block);
  void add(uint32_t owner, uint32_t block, std::shared_ptr<const Buffer> content);

  /// Bytes of the blocks that are kept.
  [[nodiscard]] size_t bytes() const;

 private:
  static constexpr size_t kShards = 16;

  struct Entry {
    uint64_t key;
    std::shared_ptr<const Buffer> content;
    bool is_used = false;  // since it was added or looked at
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Entry> entries;  // the next one to look at is the last
    std::unordered_map<uint64_t, std::list<Entry>::iterator> places;
    size_t bytes = 0;
  };

  Shard& shard_of(uint64_t key) { return shards_[(key * 0x9E3779B97F4A7C15ULL) >> 60]; }

  size_t shard_capacity_;
  std::atomic<uint32_t> next_owner_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace quiver::column
