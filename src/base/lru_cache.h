#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace quiver {

/// What was used lately, the longest unused going first when there are too many bytes. Values are
/// copied out: shared pointers, for whatever is large. Threads: any.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class LruCache {
 public:
  /// Keeps at most `capacity` bytes, as they are given to add().
  explicit LruCache(size_t capacity) : capacity_(capacity) {}

  /// The value, or `Value()` if it is not there.
  Value find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto place = places_.find(key);
    if (place == places_.end()) return Value();
    entries_.splice(entries_.begin(), entries_, place->second);
    return place->second->value;
  }

  /// Takes the place of a value of the same key. One that is larger than the cache is not kept.
  void add(const Key& key, Value value, size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (const auto place = places_.find(key); place != places_.end()) drop(place->second);
    if (bytes > capacity_) return;
    entries_.push_front({key, std::move(value), bytes});
    try {
      places_.emplace(key, entries_.begin());
    } catch (...) {
      entries_.pop_front();
      throw;
    }
    bytes_ += bytes;
    for (; bytes_ > capacity_; ++evictions_) drop(std::prev(entries_.end()));
  }

  [[nodiscard]] size_t capacity() const { return capacity_; }

  [[nodiscard]] size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

  struct Held {
    size_t entries;
    size_t bytes;
    uint64_t evictions;  ///< so far: entries that had to go for others
  };
  [[nodiscard]] Held held() const {
    const std::lock_guard lock(mutex_);
    return {entries_.size(), bytes_, evictions_};
  }

 private:
  struct Entry {
    Key key;
    Value value;
    size_t bytes;
  };
  using Place = typename std::list<Entry>::iterator;

  void drop(Place entry) {
    bytes_ -= entry->bytes;
    places_.erase(entry->key);
    entries_.erase(entry);
  }

  size_t capacity_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the one used last in front
  std::unordered_map<Key, Place, Hash> places_;
  size_t bytes_ = 0;
  uint64_t evictions_ = 0;
};

}  // namespace quiver
