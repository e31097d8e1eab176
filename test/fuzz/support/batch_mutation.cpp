#include "support/batch_mutation.h"

#include <algorithm>
#include <vector>

namespace quiver::fuzz {
namespace {

constexpr uint32_t kHasVector = 1U << 8;
constexpr uint32_t kHasMetadata = 1U << 9;
constexpr size_t kMaxItems = 100;

struct Item {
  uint32_t flags = 0;
  Buffer vector;  // as it stands: dim × f32
  Buffer id;
  Buffer metadata;
};

struct Batch {
  uint32_t dim = 0;
  std::vector<Item> items;
};

/// Nothing where the sizes do not add up.
Expected<Batch> read(Bytes bytes) {
  struct Header {
    uint32_t count, dim, vectors, id_bytes, metadata_bytes;
  };
  ByteReader reader(bytes);
  const auto header = reader.get<Header>();
  if (!header) return header.error();
  if (header->count > reader.remaining() / 12) return Error{Code::kInvalidArgument, ""};
  Batch batch{header->dim, std::vector<Item>(header->count)};
  std::vector<uint32_t> id_sizes;
  std::vector<uint32_t> metadata_sizes;
  for (Item& item : batch.items) item.flags = *reader.get<uint32_t>();
  for (size_t i = 0; i < batch.items.size(); ++i) id_sizes.push_back(*reader.get<uint32_t>());
  for (size_t i = 0; i < batch.items.size(); ++i) metadata_sizes.push_back(*reader.get<uint32_t>());
  const auto take = [&reader](uint64_t size, Buffer& into) {
    const auto piece = reader.get_bytes(size);
    if (piece) into.assign(piece->begin(), piece->end());
    return static_cast<bool>(piece);
  };
  bool whole = true;
  for (Item& item : batch.items) {
    if ((item.flags & kHasVector) != 0) {
      whole = whole && take(uint64_t{batch.dim} * sizeof(float), item.vector);
    }
  }
  for (size_t i = 0; i < batch.items.size(); ++i) {
    whole = whole && take(id_sizes[i], batch.items[i].id);
  }
  for (size_t i = 0; i < batch.items.size(); ++i) {
    whole = whole && take(metadata_sizes[i], batch.items[i].metadata);
  }
  if (!whole) return Error{Code::kInvalidArgument, ""};
  return batch;
}

Buffer write(const Batch& batch) {
  uint32_t vectors = 0;
  uint32_t id_bytes = 0;
  uint32_t metadata_bytes = 0;
  for (const Item& item : batch.items) {
    if ((item.flags & kHasVector) != 0) ++vectors;
    id_bytes += static_cast<uint32_t>(item.id.size());
    metadata_bytes += static_cast<uint32_t>(item.metadata.size());
  }
  ByteWriter out;
  for (const uint32_t number :
       {static_cast<uint32_t>(batch.items.size()), batch.dim, vectors, id_bytes, metadata_bytes}) {
    out.put(number);
  }
  for (const Item& item : batch.items) out.put(item.flags);
  for (const Item& item : batch.items) out.put(static_cast<uint32_t>(item.id.size()));
  for (const Item& item : batch.items) out.put(static_cast<uint32_t>(item.metadata.size()));
  for (const Item& item : batch.items) {
    if ((item.flags & kHasVector) == 0) continue;
    Buffer vector = item.vector;
    vector.resize(size_t{batch.dim} * sizeof(float));
    out.put_bytes(vector);
  }
  for (const Item& item : batch.items) out.put_bytes(item.id);
  for (const Item& item : batch.items) out.put_bytes(item.metadata);
  return out.take();
}

void mutate_item(Random& random, Item& item) {
  switch (below(random, 6)) {
    case 0:
      item.flags = (item.flags & ~0xFFU) | static_cast<uint32_t>(below(random, 4));
      break;
    case 1:
      item.flags ^= kHasVector;
      break;
    case 2:
      item.flags ^= kHasMetadata;
      break;
    case 3:
      mutate_bytes(random, item.id, 8);
      break;
    case 4:
      item.flags |= kHasMetadata;
      mutate_bytes(random, item.metadata, 16);
      break;
    default:
      if (one_in(random, 2)) {
        mutate_words(random, item.vector);
      } else {
        mutate_bytes(random, item.vector, 0);
      }
  }
}

}  // namespace

void mutate_batch(Random& random, Buffer& bytes) {
  auto batch = read(bytes);
  if (!batch || one_in(random, 16)) return mutate_bytes(random, bytes, 64);
  auto& items = batch->items;
  if (items.empty()) items.emplace_back();
  const size_t at = below(random, items.size());
  const auto place = items.begin() + static_cast<ptrdiff_t>(at);
  switch (below(random, 8)) {
    case 0:
      if (items.size() < kMaxItems) items.insert(place, Item(items[at]));
      break;
    case 1:
      items.erase(place);
      break;
    case 2:
      // Larger ones are tried by the odd numbers in headers; here the vectors have to be there.
      batch->dim = static_cast<uint32_t>(below(random, 20));
      break;
    default:
      mutate_item(random, items[at]);
  }
  bytes = write(*batch);
}

}  // namespace quiver::fuzz
