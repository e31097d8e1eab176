#include "column/values.h"

#include <cstring>

#include "base/compression.h"

namespace quiver::column {
namespace {

constexpr size_t kBlockBytes = size_t{8} << 10;
/// zstd makes 128 KiB of 4 bytes at the very best.
constexpr uint64_t kMaxRatio = uint64_t{1} << 16;

struct Trailer {
  uint64_t directory_offset;
  uint32_t count;
  uint32_t reserved;  // zero
};
static_assert(sizeof(Trailer) == 16);

Error corrupt(const char* what) { return Error{Code::kCorruptFile, what}; }

}  // namespace

Expected<void> ValuesWriter::add(Bytes value) {
  // A value of its own size stays alone, so that reading its neighbours does not touch it.
  if (!pending_.empty() && pending_.size() + value.size() > kBlockBytes) {
    if (auto ended = end_block(); !ended) return ended;
  }
  if (pending_ends_.empty()) firsts_.push_back(count_);
  pending_.insert(pending_.end(), value.begin(), value.end());
  pending_ends_.push_back(pending_.size());
  ++count_;
  return {};
}

Expected<void> ValuesWriter::end_block() {
  ByteWriter block;
  append_packed(pending_ends_, block);
  block.put_bytes(pending_);
  pending_.clear();
  pending_ends_.clear();
  Buffer raw = block.take();
  const Buffer compressed = compress(raw);
  const bool pays = compressed.size() <= raw.size() - raw.size() / 8;
  raw_sizes_.push_back(pays ? raw.size() : 0);
  const Buffer& content = pays ? compressed : raw;
  offset_ += content.size();
  ends_.push_back(offset_);
  return sink_(content);
}

Expected<void> ValuesWriter::finish() {
  if (!pending_ends_.empty()) {
    if (auto ended = end_block(); !ended) return ended;
  }
  ByteWriter directory;
  append_packed(firsts_, directory);
  append_packed(ends_, directory);
  append_packed(raw_sizes_, directory);
  directory.put(Trailer{offset_, count_, 0});
  return sink_(directory.take());
}

Expected<Values> Values::read(Bytes section, BlockCache& cache) {
  Trailer trailer;
  if (section.size() < sizeof(trailer)) return corrupt("values are cut off");
  const size_t end = section.size() - sizeof(trailer);
  std::memcpy(&trailer, section.data() + end, sizeof(trailer));
  if (trailer.directory_offset > end) return corrupt("values are cut off");
  const auto directory_offset = static_cast<size_t>(trailer.directory_offset);
  ByteReader reader(section.subspan(directory_offset, end - directory_offset), "values");
  Values values;
  values.blocks_ = section.first(directory_offset);
  values.count_ = trailer.count;
  for (PackedNumbers* numbers : {&values.firsts_, &values.ends_, &values.raw_sizes_}) {
    auto read = PackedNumbers::read(reader);
    if (!read) return read.error();
    *numbers = *read;
  }
  const uint32_t blocks = values.firsts_.size();
  if (values.ends_.size() != blocks || values.raw_sizes_.size() != blocks ||
      reader.remaining() != 0 || (blocks == 0 && values.count_ != 0)) {
    return corrupt("the blocks of values are not those that are listed");
  }
  values.cache_ = &cache;
  values.owner_ = cache.new_owner();
  return values;
}

/// The content of a block: the ends of its values, then the values.
Expected<Value> Values::load(uint32_t block) const {
  const uint64_t begin = block == 0 ? 0 : ends_[block - 1];
  const uint64_t end = ends_[block];
  if (begin > end || end > blocks_.size()) return corrupt("a block of values does not fit");
  const Bytes stored =
      blocks_.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  const uint64_t raw_size = raw_sizes_[block];
  if (raw_size == 0) return Value{stored, nullptr};
  if (auto cached = cache_->find(owner_, block)) return Value{*cached, cached};
  if (raw_size > stored.size() * kMaxRatio) return corrupt("a block of values is too large");
  auto raw = decompress(stored, static_cast<size_t>(raw_size));
  if (!raw) return raw.error();
  auto content = std::make_shared<const Buffer>(std::move(*raw));
  cache_->add(owner_, block, content);
  return Value{*content, content};
}

Expected<Value> Values::get(uint32_t i) const {
  if (i >= count_) return corrupt("a value is missing");
  const uint32_t block = firsts_.last_not_above(i);
  auto content = load(block);
  if (!content) return content;
  ByteReader reader(content->bytes, "a block of values");
  const auto ends = PackedNumbers::read(reader);
  if (!ends) return ends.error();
  const uint64_t first = firsts_[block];
  if (first > i || i - first >= ends->size()) return corrupt("a value is not in its block");
  const auto place = static_cast<uint32_t>(i - first);
  const Bytes all = content->bytes.subspan(reader.position());
  const uint64_t begin = place == 0 ? 0 : (*ends)[place - 1];
  const uint64_t end = (*ends)[place];
  if (begin > end || end > all.size()) return corrupt("a value does not fit its block");
  content->bytes = all.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  return content;
}

}  // namespace quiver::column
