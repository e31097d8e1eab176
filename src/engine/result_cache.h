#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/lru_cache.h"

namespace quiver::engine {

/// Everything of a query that its answer depends on beside the view, as it came: one that only
/// writes the same filter in another order is another one. Borrows its bytes.
class QueryKey {
 public:
  /// `header`: with nothing in it that leaves the answer as it is. `rest`: what follows the vector.
  QueryKey(Bytes header, Bytes vector, Bytes rest);

  [[nodiscard]] uint64_t hash() const { return hash_; }
  [[nodiscard]] size_t bytes() const;
  /// The same key in memory that it lies in one after the other from `at` on.
  [[nodiscard]] QueryKey copied_to(uint8_t* at) const;

  friend bool operator==(const QueryKey& a, const QueryKey& b);

 private:
  QueryKey() = default;

  uint64_t hash_ = 0;
  std::array<Bytes, 3> parts_;
};

/// Answers that were given, for when the same is asked again: each for the version of the view that
/// it is of, so that none is ever older than what an uncached query would give, and for a time.
///
/// Threads: any. It is cut into shards by the hash of the query, each with a mutex of its own.
class ResultCache {
 public:
  using Clock = std::function<std::chrono::nanoseconds()>;

  /// `capacity`: bytes; 0 for none at all. `time_to_live`: after which an answer is not given again
  /// though nothing has changed.
  explicit ResultCache(uint64_t capacity, std::optional<std::chrono::nanoseconds> time_to_live = {},
                       Clock clock = {});

  [[nodiscard]] bool is_on() const { return !shards_.empty(); }

  /// The answer to the query on the view of that version; null if there is none.
  [[nodiscard]] std::shared_ptr<const Buffer> find(const QueryKey& key, uint64_t version);
  /// The same of an answer of at most so many bytes. That there is none is not counted: for those
  /// who will ask again.
  [[nodiscard]] std::shared_ptr<const Buffer> find_small(const QueryKey& key, uint64_t version,
                                                         size_t most_bytes);

  /// One that is larger than a shard is not kept.
  void add(const QueryKey& key, uint64_t version, Bytes answer);

  struct Counts {
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t evictions = 0;  ///< answers that had to go for others, outdated ones among them
    uint64_t entries = 0;
    uint64_t bytes = 0;
    uint64_t limit = 0;
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct Entry {
    std::shared_ptr<const Buffer> key;  ///< what the key in the table borrows
    std::shared_ptr<const Buffer> answer;
    uint64_t version = 0;
    std::chrono::nanoseconds until = std::chrono::nanoseconds::max();
  };
  struct Hash {
    size_t operator()(const QueryKey& key) const { return static_cast<size_t>(key.hash()); }
  };
  struct alignas(64) Shard {
    explicit Shard(size_t capacity) : entries(capacity) {}

    LruCache<QueryKey, Entry, Hash> entries;
    std::atomic<uint64_t> hits{0};
    std::atomic<uint64_t> misses{0};
  };

  std::shared_ptr<const Buffer> look_up(Shard& shard, const QueryKey& key, uint64_t version) const;
  Shard& shard_of(const QueryKey& key) {
    // By other bits than those that tables look at first.
    return *shards_[(key.hash() >> 48) % shards_.size()];
  }

  const uint64_t capacity_;
  const std::optional<std::chrono::nanoseconds> time_to_live_;
  const Clock clock_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace quiver::engine
