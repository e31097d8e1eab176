#pragma once

#include "base/bytes.h"
#include "base/expected.h"

/// Compression of blocks with zstd (RFC 8878).
namespace quiver {

/// `raw` as one zstd frame without checksum; throws std::bad_alloc if memory runs out.
[[nodiscard]] Buffer compress(Bytes raw);

/// What compress() got. CORRUPT_FILE if `compressed` is not one sound frame of exactly `raw_size`
/// bytes; that many are only allocated once the frame says so too.
Expected<Buffer> decompress(Bytes compressed, size_t raw_size);

}  // namespace quiver
