#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"

namespace quiver::engine {

/// The numbers are part of the messages and of the log: never renumber.
enum class OperationKind : uint8_t { kInsert = 0, kUpsert = 1, kUpdate = 2, kDelete = 3 };

/// One change to one item. Borrowed memory.
struct Operation {
  OperationKind kind = OperationKind::kInsert;
  std::string_view id;
  const float* vector = nullptr;  ///< `dim` floats, or null where the operation has none
  Bytes metadata;                 ///< a msgpack map, or empty where the operation has none
};

/// A decoded batch; it borrows the bytes that it was decoded from.
struct Batch {
  uint32_t dim = 0;  ///< of every vector in it; 0 if it has none
  std::vector<Operation> operations;
};

/// Longest id, in bytes of UTF-8.
inline constexpr size_t kMaxIdBytes = 1024;
inline constexpr uint32_t kMaxDimensions = 65536;

/// Decodes and checks a batch (docs/engine-messages.md): its lengths, ids (1–1024 bytes), finite
/// vectors, well-formed metadata. An error's `item` is the position of the operation in the batch.
/// The floats in `bytes` must be 4-byte aligned.
Expected<Batch> decode_batch(Bytes bytes);

/// Writes operations in the same form: what the log keeps of a transaction.
Buffer encode_batch(uint32_t dim, const std::vector<Operation>& operations);

}  // namespace quiver::engine
