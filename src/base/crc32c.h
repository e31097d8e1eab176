#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace quiver {

/// CRC-32C (Castagnoli, iSCSI: RFC 3720 appendix B) of `bytes`, continuing from `seed`:
/// crc32c(b, crc32c(a)) is the checksum of a followed by b.
uint32_t crc32c(Bytes bytes, uint32_t seed = 0);

/// The same without the processor's own instructions; crc32c uses those where there are any.
uint32_t crc32c_portable(Bytes bytes, uint32_t seed = 0);

}  // namespace quiver
