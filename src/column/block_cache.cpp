#include "column/block_cache.h"

#include <iterator>
#include <utility>

namespace quiver::column {
namespace {

uint64_t key_of(uint32_t owner, uint32_t block) { return uint64_t{owner} << 32 | block; }

}  // namespace

std::shared_ptr<const Buffer> BlockCache::find(uint32_t owner, uint32_t block) {
  const uint64_t key = key_of(owner, block);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto place = shard.places.find(key);
  if (place == shard.places.end()) return nullptr;
  place->second->is_used = true;
  return place->second->content;
}

void BlockCache::add(uint32_t owner, uint32_t block, std::shared_ptr<const Buffer> content) {
  const uint64_t key = key_of(owner, block);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  // Larger than a shard is not worth emptying it; another thread may have been faster.
  if (content->size() > shard_capacity_ || shard.places.contains(key)) return;
  const size_t size = content->size();
  while (shard.bytes + size > shard_capacity_) {
    if (std::exchange(shard.entries.back().is_used, false)) {
      shard.entries.splice(shard.entries.begin(), shard.entries, std::prev(shard.entries.end()));
      continue;
    }
    shard.bytes -= shard.entries.back().content->size();
    shard.places.erase(shard.entries.back().key);
    shard.entries.pop_back();
  }
  shard.entries.push_front({key, std::move(content)});
  shard.places.emplace(key, shard.entries.begin());
  shard.bytes += size;
}

size_t BlockCache::bytes() const {
  size_t sum = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum += shard.bytes;
  }
  return sum;
}

}  // namespace quiver::column
