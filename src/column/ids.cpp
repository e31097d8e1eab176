#include "column/ids.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/hash.h"
#include "base/varint.h"

namespace quiver::column {
namespace {

constexpr size_t kPiece = size_t{64} << 10;
/// Where ids come from other columns, each is put together of up to 16.
constexpr uint32_t kRowsAStep = 512;

struct Trailer {
  uint64_t directory_offset;
  uint32_t count;
  uint32_t reserved;  // zero
};
static_assert(sizeof(Trailer) == 16);

Error corrupt() { return Error{Code::kCorruptFile, "an id is not sound"}; }

/// About four rows a bucket.
uint32_t bucket_bits(uint32_t rows) { return static_cast<uint32_t>(std::bit_width(rows / 4)); }

uint32_t bucket_of(uint64_t hash, uint32_t bits) {
  return bits == 0 ? 0 : static_cast<uint32_t>(hash >> (64 - bits));
}

uint8_t tag_of(uint64_t hash) { return static_cast<uint8_t>(hash); }

uint32_t word_at(const uint8_t* words, size_t i) {
  uint32_t word = 0;
  std::memcpy(&word, words + i * sizeof(word), sizeof(word));
  return word;
}

}  // namespace

IdsWriter::IdsWriter(uint32_t rows, IdOfRow id, Sink sink)
    : rows_(rows), id_(std::move(id)), sink_(std::move(sink)) {
  steps_.add_each(rows, kRowsAStep, [this](uint32_t row) { return add(row); });
  steps_.add([this] { return end(); });
}

Expected<void> IdsWriter::add(uint32_t row) {
  const auto text = id_(row);
  if (!text) return text.error();
  size_t shared = 0;
  if (row % kIdGroup != 0) {
    const size_t most = std::min(before_.size(), text->size());
    while (shared < most && before_[shared] == (*text)[shared]) ++shared;
  }
  put_varint(pending_, shared);
  put_varint(pending_, text->size() - shared);
  pending_.put_text(text->substr(shared));
  before_.assign(*text);
  if (row % kIdGroup == kIdGroup - 1 || row + 1 == rows_)
    ends_.push_back(offset_ + pending_.size());
  return pending_.size() < kPiece ? Expected<void>() : hand_on();
}

Expected<void> IdsWriter::hand_on() {
  offset_ += pending_.size();
  return sink_(pending_.take());
}

Expected<void> IdsWriter::end() {
  const uint64_t directory = offset_ + pending_.size();
  append_packed(ends_, pending_);
  pending_.put(Trailer{directory, rows_, 0});
  return hand_on();
}

IdLookupWriter::IdLookupWriter(uint32_t rows, IdOfRow id, Sink sink)
    : id_(std::move(id)), sink_(std::move(sink)), hashes_(rows) {
  steps_.add_each(rows, kRowsAStep, [this](uint32_t row) -> Expected<void> {
    const auto text = id_(row);
    if (!text) return text.error();
    hashes_[row] = hash_text(*text);
    return {};
  });
  steps_.add([this] { return write(); });
}

Expected<void> IdLookupWriter::write() {
  const auto rows = static_cast<uint32_t>(hashes_.size());
  const uint32_t bits = bucket_bits(rows);
  std::vector<uint32_t> starts((size_t{1} << bits) + 1);
  for (const uint64_t hash : hashes_) ++starts[bucket_of(hash, bits) + 1];
  for (size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
  std::vector<uint32_t> sorted(rows);
  Buffer tags(rows);
  std::vector<uint32_t> next(starts.begin(), starts.end() - 1);
  for (uint32_t row = 0; row < rows; ++row) {
    const uint32_t place = next[bucket_of(hashes_[row], bits)]++;
    sorted[place] = row;
    tags[place] = tag_of(hashes_[row]);
  }
  for (const Bytes part : {as_bytes(std::span<const uint32_t>(starts)),
                           as_bytes(std::span<const uint32_t>(sorted)), Bytes(tags)}) {
    if (auto written = sink_(part); !written) return written;
  }
  return {};
}

Expected<Ids> Ids::read(uint32_t rows, Bytes ids, Bytes lookup) {
  Trailer trailer;
  if (ids.size() < sizeof(trailer)) return corrupt();
  const size_t end = ids.size() - sizeof(trailer);
  std::memcpy(&trailer, ids.data() + end, sizeof(trailer));
  if (trailer.directory_offset > end || trailer.count != rows) return corrupt();
  Ids result;
  result.rows_ = rows;
  result.ids_ = ids.first(static_cast<size_t>(trailer.directory_offset));
  ByteReader reader(ids.subspan(result.ids_.size(), end - result.ids_.size()), "ids");
  const auto ends = PackedNumbers::read(reader);
  if (!ends) return ends.error();
  if (ends->size() != rows / kIdGroup + (rows % kIdGroup != 0 ? 1 : 0)) return corrupt();
  result.group_ends_ = *ends;

  result.bucket_bits_ = bucket_bits(rows);
  const size_t buckets = size_t{1} << result.bucket_bits_;
  if (lookup.size() != (buckets + 1 + rows) * sizeof(uint32_t) + rows) {
    return Error{Code::kCorruptFile, "the table of ids has a wrong size"};
  }
  result.starts_ = lookup.data();
  result.sorted_ = result.starts_ + (buckets + 1) * sizeof(uint32_t);
  result.tags_ = result.sorted_ + rows * sizeof(uint32_t);
  return result;
}

Expected<std::string_view> Ids::id(uint32_t row, std::string& scratch) const {
  if (row >= rows_) return corrupt();
  const uint32_t group = row / kIdGroup;
  const uint64_t begin = group == 0 ? 0 : group_ends_[group - 1];
  const uint64_t end = group_ends_[group];
  if (begin > end || end > ids_.size()) return corrupt();
  const uint8_t* at = ids_.data() + begin;
  const uint8_t* const group_end = ids_.data() + end;
  struct Piece {
    size_t shared;
    const uint8_t* text;
  };
  std::array<Piece, kIdGroup> pieces;
  size_t length = 0;
  const uint32_t last = row % kIdGroup;
  for (uint32_t i = 0; i <= last; ++i) {
    uint64_t shared = 0;
    uint64_t rest = 0;
    if (!take_varint(at, group_end, shared) || !take_varint(at, group_end, rest) ||
        shared > length || rest > static_cast<size_t>(group_end - at)) {
      return corrupt();
    }
    pieces[i] = {static_cast<size_t>(shared), at};
    at += rest;
    length = static_cast<size_t>(shared + rest);
  }
  // From the last id back, each gives the bytes that those behind it share with it; the first
  // shares none.
  scratch.resize(length);
  for (uint32_t i = last; length > 0; --i) {
    const auto [shared, text] = pieces[i];
    if (shared >= length) continue;
    std::memcpy(&scratch[shared], text, length - shared);
    length = shared;
  }
  return std::string_view(scratch);
}

void Ids::prefetch(uint32_t row) const {
  const uint32_t group = row / kIdGroup;
  if (row >= rows_ || group == 0) return;
  const uint64_t begin = group_ends_[group - 1];
  if (begin < ids_.size()) quiver::prefetch(ids_.data() + begin);
}

std::optional<uint32_t> Ids::find(std::string_view id) const {
  const uint64_t hash = hash_text(id);
  const uint32_t bucket = bucket_of(hash, bucket_bits_);
  const uint32_t end = std::min(word_at(starts_, bucket + 1), rows_);
  std::string scratch;
  for (uint32_t i = word_at(starts_, bucket); i < end; ++i) {
    if (tags_[i] != tag_of(hash)) continue;
    const uint32_t row = word_at(sorted_, i);
    const auto found = this->id(row, scratch);
    if (found && *found == id) return row;
  }
  return std::nullopt;
}

}  // namespace quiver::column
