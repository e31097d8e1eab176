// Input: encoded columns; the name of each piece says what it is: "n" packed numbers, "v" values,
// "i" ids and "l" their table, "p<number>" a part of metadata.
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "base/steps.h"
#include "column/ids.h"
#include "column/metadata.h"
#include "column/metadata_writer.h"
#include "column/packed_numbers.h"
#include "column/values.h"
#include "support/allocation_limit.h"
#include "support/column_mutation.h"
#include "support/container.h"
#include "support/require.h"

using namespace quiver;

namespace {

constexpr size_t kMaxPieces = 64;
/// What is written again at most, so that an input stays quick.
constexpr size_t kMaxRewritten = size_t{1} << 16;
constexpr uint32_t kMaxRows = 1000;

using Parts = std::map<std::string, Buffer>;

template <typename T>
void require_corrupt(const Expected<T>& result) {
  fuzz::require(result || result.error().code == Code::kCorruptFile,
                "a column is sound or corrupt");
}

uint32_t word_at(const Buffer& bytes, size_t offset) {
  uint32_t word = 0;
  if (offset + sizeof(word) <= bytes.size()) std::memcpy(&word, &bytes[offset], sizeof(word));
  return word;
}

bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

void read_numbers(const Buffer& bytes) {
  ByteReader reader(bytes);
  const auto numbers = column::PackedNumbers::read(reader);
  if (!numbers) return require_corrupt(numbers);
  const uint32_t count = std::min(numbers->size(), kMaxRows);
  std::vector<uint64_t> all;
  for (uint32_t i = 0; i < count; ++i) all.push_back((*numbers)[i]);
  for (const uint64_t number : {uint64_t{0}, uint64_t{7}, ~uint64_t{0}}) {
    const uint32_t place = numbers->last_not_above(number);
    fuzz::require(numbers->size() == 0 || place < numbers->size(), "a place exists");
  }
  ByteWriter writer;
  column::append_packed(all, writer);
  ByteReader again_reader(writer.buffer());
  const auto again = column::PackedNumbers::read(again_reader);
  fuzz::require(again && again->size() == count, "numbers are written and read again");
  for (uint32_t i = 0; i < count; ++i) {
    fuzz::require((*again)[i] == all[i], "numbers are written and read again");
  }
}

void read_values(const Buffer& bytes, column::BlockCache& cache) {
  const auto values = column::Values::read(bytes, cache);
  if (!values) return require_corrupt(values);
  fuzz::require(!values->get(values->size()), "there is no value beyond the last");
  const uint32_t count = std::min(values->size(), kMaxRows);
  for (uint32_t i = 0; i < count; ++i) {
    const auto value = values->get(i);
    require_corrupt(value);
    const auto again = values->get(i);
    fuzz::require(static_cast<bool>(value) == static_cast<bool>(again) &&
                      (!value || same(value->bytes, again->bytes)),
                  "a value from the cache is that from the file");
  }
}

void read_ids(const Buffer& bytes, const Buffer& lookup) {
  if (bytes.size() < 8) return;
  const uint32_t rows = word_at(bytes, bytes.size() - 8);
  const auto ids = column::Ids::read(rows, bytes, lookup);
  if (!ids) return require_corrupt(ids);
  std::string scratch;
  std::string other;
  fuzz::require(!ids->id(rows, scratch), "there is no row beyond the last");
  for (uint32_t row = 0; row < std::min(rows, kMaxRows); ++row) {
    const auto id = ids->id(row, scratch);
    if (!id) {
      require_corrupt(id);
      continue;
    }
    const auto found = ids->find(*id);
    fuzz::require(!found || *ids->id(*found, other) == *id, "what is found has the id");
  }
}

class Rows final : public column::MetadataRows {
 public:
  explicit Rows(const std::vector<Buffer>& maps) : maps_(maps) {}
  [[nodiscard]] uint32_t rows() const override { return static_cast<uint32_t>(maps_.size()); }
  Expected<Bytes> metadata(uint32_t row) override { return Bytes(maps_[row]); }
  Expected<std::optional<Bytes>> field(uint32_t row, std::string_view key) override {
    const auto value = msgpack::Value(maps_[row]).find(key);
    return value ? std::optional<Bytes>(value->bytes()) : std::nullopt;
  }

 private:
  const std::vector<Buffer>& maps_;
};

class Sink final : public column::PartSink {
 public:
  Expected<void> begin(uint32_t part) override {
    last_ = &parts["p" + std::to_string(part)];
    return {};
  }
  Expected<void> append(Bytes bytes) override {
    last_->insert(last_->end(), bytes.begin(), bytes.end());
    return {};
  }

  Parts parts;

 private:
  Buffer* last_ = nullptr;
};

Expected<column::Metadata> open_metadata(uint32_t rows, const Parts& parts,
                                         column::BlockCache& cache) {
  return column::Metadata::read(
      rows,
      [&parts](uint32_t part) -> Expected<Bytes> {
        const auto found = parts.find("p" + std::to_string(part));
        if (found == parts.end()) return Error{Code::kCorruptFile, "missing"};
        return Bytes(found->second);
      },
      cache);
}

void check_rewritten(const std::vector<Buffer>& maps, column::BlockCache& cache) {
  Rows rows(maps);
  Sink sink;
  column::MetadataWriter writer(rows, sink);
  fuzz::require(static_cast<bool>(do_all_steps(writer)), "metadata are written");
  const auto metadata = open_metadata(rows.rows(), sink.parts, cache);
  fuzz::require(static_cast<bool>(metadata), "what was written is read");
  column::Scratch scratch;
  for (uint32_t row = 0; row < rows.rows(); ++row) {
    const auto map = metadata->map(row, scratch);
    fuzz::require(map && same(*map, maps[row]), "a map comes back");
    for (const msgpack::Entry& entry : msgpack::Value(maps[row]).entries()) {
      const auto field = metadata->field(row, entry.key, scratch);
      fuzz::require(field && *field && same(**field, entry.value.bytes()), "a field comes back");
    }
  }
}

void read_metadata(const Parts& parts, column::BlockCache& cache) {
  const auto directory = parts.find("p0");
  if (directory == parts.end()) return;
  const uint32_t rows = word_at(directory->second, 0);
  const auto metadata = open_metadata(rows, parts, cache);
  if (!metadata) return require_corrupt(metadata);
  column::Scratch scratch;
  fuzz::require(!metadata->map(rows, scratch), "there is no row beyond the last");
  std::vector<Buffer> maps;
  size_t bytes = 0;
  const uint32_t read = std::min(rows, kMaxRows);
  for (uint32_t row = 0; row < read; ++row) {
    for (const char* key : {"n", "a", "", "no such key"}) {
      require_corrupt(metadata->field(row, key, scratch));
    }
    const auto map = metadata->map(row, scratch);
    if (!map) {
      require_corrupt(map);
      continue;
    }
    bytes += map->size();
    if (bytes > kMaxRewritten || !msgpack::validate(*map, "metadata") ||
        !msgpack::Value(*map).is(msgpack::Kind::kMap)) {
      continue;
    }
    maps.emplace_back(map->begin(), map->end());
  }
  check_rewritten(maps, cache);
}

void mutate_piece(fuzz::Random& random, fuzz::Piece& piece) {
  switch (fuzz::below(random, 8)) {
    case 0:
      return fuzz::mutate_bytes(random, piece.content, 32);
    case 1:
      return fuzz::mutate_bytes(random, piece.content, 0);
    case 2:
    case 3:
    case 4:
      return fuzz::mutate_values(random, piece.content);
    default:
      return fuzz::mutate_words(random, piece.content);
  }
}

void mutate_pieces(fuzz::Random& random, std::vector<fuzz::Piece>& pieces) {
  if (pieces.empty()) pieces.push_back({"n", Buffer(16)});
  const size_t at = fuzz::below(random, pieces.size());
  switch (fuzz::below(random, 20)) {
    case 0:
      pieces.erase(pieces.begin() + static_cast<ptrdiff_t>(at));
      break;
    case 1:
      std::swap(pieces[at].content, pieces[fuzz::below(random, pieces.size())].content);
      break;
    case 2:
      if (pieces.size() < kMaxPieces) pieces.push_back(pieces[at]);
      pieces.back().name = "p" + std::to_string(fuzz::below(random, 12));
      break;
    default:
      mutate_piece(random, pieces[at]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  Parts parts;
  for (fuzz::Piece& piece : fuzz::unpack({data, size})) {
    // A copy of its own size, so that a read beyond the end is seen.
    parts[piece.name] = std::move(piece.content);
  }
  column::BlockCache cache(size_t{1} << 20);
  if (parts.contains("n")) read_numbers(parts["n"]);
  if (parts.contains("v")) read_values(parts["v"], cache);
  if (parts.contains("i") && parts.contains("l")) read_ids(parts["i"], parts["l"]);
  read_metadata(parts, cache);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  fuzz::Random random(seed);
  std::vector<fuzz::Piece> pieces = fuzz::unpack({data, size});
  mutate_pieces(random, pieces);
  return fuzz::give_back(fuzz::pack(pieces), data, size, max_size);
}
