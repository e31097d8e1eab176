#include "engine/batch.h"

#include <cmath>

#include "base/msgpack.h"
#include "base/not_finite.h"

namespace quiver::engine {
namespace {

constexpr uint32_t kHasVector = 1U << 8;
constexpr uint32_t kHasMetadata = 1U << 9;
constexpr uint8_t kEmptyMap[] = {0x80};

struct Header {
  uint32_t count;
  uint32_t dim;
  uint32_t vectors;
  uint32_t id_bytes;
  uint32_t metadata_bytes;
};

Error malformed(std::string what) {
  return Error{Code::kInvalidArgument, "Malformed batch: " + std::move(what)};
}

Expected<void> check(const Operation& operation, uint32_t flags, uint32_t item, uint32_t dim) {
  const bool needs_vector =
      operation.kind == OperationKind::kInsert || operation.kind == OperationKind::kUpsert;
  if (needs_vector && operation.vector == nullptr) {
    return Error{Code::kInvalidVector, "Vector is required", item};
  }
  if (operation.kind == OperationKind::kDelete && (flags & (kHasVector | kHasMetadata)) != 0) {
    return malformed("a delete carries data");
  }
  if (operation.id.empty()) {
    return Error{Code::kInvalidId, "Expected a non-empty id", item};
  }
  if (operation.id.size() > kMaxIdBytes) {
    return Error{Code::kInvalidId,
                 "Expected an id of at most " + std::to_string(kMaxIdBytes) + " bytes, got " +
                     std::to_string(operation.id.size()),
                 item};
  }
  if (operation.vector != nullptr) {
    for (uint32_t i = 0; i < dim; ++i) {
      if (!std::isfinite(operation.vector[i])) {
        return Error{Code::kInvalidVector,
                     "Expected finite numbers in the vector of item \"" +
                         std::string(operation.id) + "\", got " +
                         text_of_not_finite(operation.vector[i]) + " at position " +
                         std::to_string(i),
                     item};
      }
    }
  }
  if ((flags & kHasMetadata) != 0) {
    auto valid = msgpack::validate(operation.metadata, "metadata");
    if (!valid || msgpack::Value(operation.metadata).kind() != msgpack::Kind::kMap) {
      return Error{Code::kInvalidMetadata,
                   "Metadata of item \"" + std::string(operation.id) + "\" is not a map" +
                       (valid ? std::string() : ": " + valid.error().message),
                   item};
    }
  }
  return {};
}

}  // namespace

Expected<Batch> decode_batch(Bytes bytes) {
  ByteReader reader(bytes, "batch");
  const auto header = reader.get<Header>();
  if (!header) return malformed("no header");
  const uint64_t count = header->count;
  if (header->dim > kMaxDimensions) {
    return Error{Code::kDimensionMismatch, "Expected at most " + std::to_string(kMaxDimensions) +
                                               " dimensions, got " + std::to_string(header->dim)};
  }
  const uint64_t vector_bytes = uint64_t{header->vectors} * header->dim * sizeof(float);
  if (reader.remaining() !=
      count * 12 + vector_bytes + header->id_bytes + uint64_t{header->metadata_bytes}) {
    return malformed("its parts do not add up to its size");
  }
  const auto words = [&reader](uint64_t n) {
    return reinterpret_cast<const uint32_t*>(reader.get_bytes(n * 4)->data());
  };
  const uint32_t* flags = words(count);
  const uint32_t* id_length = words(count);
  const uint32_t* metadata_length = words(count);
  const auto* vectors = reinterpret_cast<const float*>(reader.get_bytes(vector_bytes)->data());
  Bytes ids = *reader.get_bytes(header->id_bytes);
  Bytes metadata = *reader.get_bytes(header->metadata_bytes);

  Batch batch;
  batch.dim = header->vectors == 0 ? 0 : header->dim;
  if (header->vectors != 0 && header->dim == 0) {
    return Error{Code::kDimensionMismatch, "Expected a vector of at least one number, got 0"};
  }
  batch.operations.reserve(count);
  uint32_t vectors_left = header->vectors;
  for (uint32_t i = 0; i < count; ++i) {
    if ((flags[i] & 0xFF) > 3) return malformed("unknown kind of operation");
    if (id_length[i] > ids.size() || metadata_length[i] > metadata.size()) {
      return malformed("an item is longer than its part");
    }
    Operation operation;
    operation.kind = static_cast<OperationKind>(flags[i] & 0xFF);
    operation.id = as_text(ids.first(id_length[i]));
    ids = ids.subspan(id_length[i]);
    if ((flags[i] & kHasVector) != 0) {
      if (vectors_left == 0) return malformed("a vector is missing");
      --vectors_left;
      operation.vector = vectors;
      vectors += header->dim;
    }
    if ((flags[i] & kHasMetadata) != 0) {
      operation.metadata = metadata.first(metadata_length[i]);
      metadata = metadata.subspan(metadata_length[i]);
    }
    if (auto checked = check(operation, flags[i], i, header->dim); !checked) return checked.error();
    if (operation.metadata.empty() && operation.kind != OperationKind::kUpdate &&
        operation.kind != OperationKind::kDelete) {
      operation.metadata = kEmptyMap;
    }
    batch.operations.push_back(operation);
  }
  if (vectors_left != 0 || !ids.empty() || !metadata.empty())
    return malformed("bytes are left over");
  return batch;
}

Buffer encode_batch(uint32_t dim, const std::vector<Operation>& operations) {
  Header header{static_cast<uint32_t>(operations.size()), dim, 0, 0, 0};
  for (const Operation& operation : operations) {
    if (operation.vector != nullptr) ++header.vectors;
    header.id_bytes += static_cast<uint32_t>(operation.id.size());
    header.metadata_bytes += static_cast<uint32_t>(operation.metadata.size());
  }
  ByteWriter writer;
  writer.buffer().reserve(sizeof(Header) + operations.size() * 12 + header.id_bytes +
                          header.metadata_bytes + size_t{header.vectors} * dim * sizeof(float));
  writer.put(header);
  for (const Operation& operation : operations) {
    writer.put<uint32_t>(static_cast<uint32_t>(operation.kind) |
                         (operation.vector != nullptr ? kHasVector : 0) |
                         (operation.metadata.empty() ? 0 : kHasMetadata));
  }
  for (const Operation& operation : operations) {
    writer.put<uint32_t>(static_cast<uint32_t>(operation.id.size()));
  }
  for (const Operation& operation : operations) {
    writer.put<uint32_t>(static_cast<uint32_t>(operation.metadata.size()));
  }
  for (const Operation& operation : operations) {
    if (operation.vector != nullptr) {
      writer.put_bytes(as_bytes(std::span<const float>(operation.vector, dim)));
    }
  }
  for (const Operation& operation : operations) writer.put_text(operation.id);
  for (const Operation& operation : operations) writer.put_bytes(operation.metadata);
  return writer.take();
}

}  // namespace quiver::engine
