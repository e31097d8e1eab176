#include "engine/result_cache.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/fast_hash.h"

namespace quiver::engine {
namespace {

/// As many as threads may ask at once, but each large enough for usual answers.
constexpr uint64_t kMostShards = 16;
constexpr uint64_t kLeastShard = uint64_t{1} << 20;
/// What an entry takes beside its bytes: two blocks of shared bytes, a node of a list and one of a
/// table, which has the key twice.
constexpr size_t kEntryBytes = 416;

std::chrono::nanoseconds steady_now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

QueryKey::QueryKey(Bytes header, Bytes vector, Bytes rest) : parts_{header, vector, rest} {
  for (const Bytes part : parts_) hash_ = hash_bytes(part, hash_);
}

size_t QueryKey::bytes() const { return parts_[0].size() + parts_[1].size() + parts_[2].size(); }

QueryKey QueryKey::copied_to(uint8_t* at) const {
  QueryKey copy;
  copy.hash_ = hash_;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (!parts_[i].empty()) std::memcpy(at, parts_[i].data(), parts_[i].size());
    copy.parts_[i] = {at, parts_[i].size()};
    at += parts_[i].size();
  }
  return copy;
}

bool operator==(const QueryKey& a, const QueryKey& b) {
  const auto same = [](Bytes x, Bytes y) {
    return x.size() == y.size() && (x.empty() || std::memcmp(x.data(), y.data(), x.size()) == 0);
  };
  return a.hash_ == b.hash_ && std::equal(a.parts_.begin(), a.parts_.end(), b.parts_.begin(), same);
}

ResultCache::ResultCache(uint64_t capacity, std::optional<std::chrono::nanoseconds> time_to_live,
                         Clock clock)
    : capacity_(capacity),
      time_to_live_(time_to_live),
      clock_(clock ? std::move(clock) : Clock(steady_now)) {
  if (capacity == 0) return;
  const uint64_t shards = std::clamp<uint64_t>(capacity / kLeastShard, 1, kMostShards);
  for (uint64_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(static_cast<size_t>(
        std::min<uint64_t>(capacity / shards, std::numeric_limits<size_t>::max()))));
  }
}

/// What is valid, uncounted.
std::shared_ptr<const Buffer> ResultCache::look_up(Shard& shard, const QueryKey& key,
                                                   uint64_t version) const {
  Entry entry = shard.entries.find(key);
  if (entry.answer == nullptr || entry.version != version) return nullptr;
  if (time_to_live_ && clock_() >= entry.until) return nullptr;
  return std::move(entry.answer);
}

std::shared_ptr<const Buffer> ResultCache::find(const QueryKey& key, uint64_t version) {
  if (!is_on()) return nullptr;
  Shard& shard = shard_of(key);
  auto answer = look_up(shard, key, version);
  (answer ? shard.hits : shard.misses).fetch_add(1, std::memory_order_relaxed);
  return answer;
}

std::shared_ptr<const Buffer> ResultCache::find_small(const QueryKey& key, uint64_t version,
                                                      size_t most_bytes) {
  if (!is_on()) return nullptr;
  Shard& shard = shard_of(key);
  auto answer = look_up(shard, key, version);
  if (!answer || answer->size() > most_bytes) return nullptr;
  shard.hits.fetch_add(1, std::memory_order_relaxed);
  return answer;
}

void ResultCache::add(const QueryKey& key, uint64_t version, Bytes answer) {
  if (!is_on()) return;
  Shard& shard = shard_of(key);
  const size_t bytes = key.bytes() + answer.size() + kEntryBytes;
  // Not copied only to be refused.
  if (bytes > shard.entries.capacity()) return;
  auto key_bytes = std::make_shared<Buffer>(key.bytes());
  const QueryKey kept = key.copied_to(key_bytes->data());
  Entry entry;
  entry.key = std::move(key_bytes);
  entry.answer = std::make_shared<const Buffer>(answer.begin(), answer.end());
  entry.version = version;
  if (time_to_live_) entry.until = clock_() + *time_to_live_;
  shard.entries.add(kept, std::move(entry), bytes);
}

ResultCache::Counts ResultCache::counts() const {
  Counts sum;
  sum.limit = capacity_;
  for (const auto& shard : shards_) {
    const auto held = shard->entries.held();
    sum.hits += shard->hits.load(std::memory_order_relaxed);
    sum.misses += shard->misses.load(std::memory_order_relaxed);
    sum.evictions += held.evictions;
    sum.entries += held.entries;
    sum.bytes += held.bytes;
  }
  return sum;
}

}  // namespace quiver::engine
