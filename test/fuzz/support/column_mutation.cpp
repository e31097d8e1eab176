#include "support/column_mutation.h"

#include <cstring>
#include <optional>
#include <vector>

#include "base/compression.h"
#include "column/packed_numbers.h"

namespace quiver::fuzz {
namespace {

using column::PackedNumbers;

constexpr size_t kTrailerBytes = 16;
/// Larger blocks are left as they are.
constexpr uint64_t kMaxBlockBytes = uint64_t{1} << 20;

struct Block {
  uint64_t first = 0;
  bool compressed = false;
  Buffer content;  // not compressed
};

struct Values {
  std::vector<Block> blocks;
  uint32_t count = 0;
};

std::optional<Values> read(Bytes column) {
  if (column.size() < kTrailerBytes) return std::nullopt;
  const size_t end = column.size() - kTrailerBytes;
  uint64_t directory = 0;
  Values values;
  std::memcpy(&directory, &column[end], sizeof(directory));
  std::memcpy(&values.count, &column[end + 8], sizeof(values.count));
  if (directory > end) return std::nullopt;
  ByteReader reader(column.subspan(directory, end - directory));
  const auto firsts = PackedNumbers::read(reader);
  const auto ends = PackedNumbers::read(reader);
  const auto raw_sizes = PackedNumbers::read(reader);
  if (!firsts || !ends || !raw_sizes || firsts->size() > 1000 || ends->size() != firsts->size() ||
      raw_sizes->size() != firsts->size()) {
    return std::nullopt;
  }
  uint64_t begin = 0;
  for (uint32_t i = 0; i < firsts->size(); ++i) {
    if ((*ends)[i] < begin || (*ends)[i] > directory) return std::nullopt;
    const Bytes stored = column.subspan(begin, (*ends)[i] - begin);
    begin = (*ends)[i];
    Block block{(*firsts)[i], (*raw_sizes)[i] != 0, Buffer(stored.begin(), stored.end())};
    if (block.compressed) {
      if ((*raw_sizes)[i] > kMaxBlockBytes) return std::nullopt;
      auto raw = decompress(stored, (*raw_sizes)[i]);
      if (!raw) return std::nullopt;
      block.content = std::move(*raw);
    }
    values.blocks.push_back(std::move(block));
  }
  return values;
}

Buffer write(const Values& values) {
  ByteWriter out;
  std::vector<uint64_t> firsts;
  std::vector<uint64_t> ends;
  std::vector<uint64_t> raw_sizes;
  for (const Block& block : values.blocks) {
    out.put_bytes(block.compressed ? compress(block.content) : block.content);
    firsts.push_back(block.first);
    ends.push_back(out.size());
    raw_sizes.push_back(block.compressed ? block.content.size() : 0);
  }
  const uint64_t directory = out.size();
  column::append_packed(firsts, out);
  column::append_packed(ends, out);
  column::append_packed(raw_sizes, out);
  out.put(directory);
  out.put(values.count);
  out.put<uint32_t>(0);
  return out.take();
}

}  // namespace

void mutate_values(Random& random, Buffer& column) {
  auto values = read(column);
  if (!values || values->blocks.empty()) return mutate_words(random, column);
  auto& blocks = values->blocks;
  const size_t at = below(random, blocks.size());
  switch (below(random, 10)) {
    case 0:
      blocks[at].compressed = !blocks[at].compressed;
      break;
    case 1:
      blocks[at].first = odd_number(random, blocks[at].first);
      break;
    case 2:
      values->count = static_cast<uint32_t>(odd_number(random, values->count));
      break;
    case 3:
      blocks.erase(blocks.begin() + static_cast<ptrdiff_t>(at));
      break;
    case 4:
    case 5:
      mutate_words(random, blocks[at].content);
      break;
    default:
      mutate_bytes(random, blocks[at].content, 16);
  }
  column = write(*values);
}

}  // namespace quiver::fuzz
