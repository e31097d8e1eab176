#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "store/file_names.h"
#include "store/vfs.h"

namespace quiver::store {

/// A live segment file and its deleted rows, ascending.
struct SegmentEntry {
  uint64_t number = 0;
  uint32_t rows = 0;
  std::vector<uint32_t> deleted_rows;
};

/// The one file that says what belongs to the index: replaced atomically (docs/format.md).
struct Manifest {
  uint64_t index = 0;                  ///< drawn when the index is made: tells it from a later one
  Buffer config;                       ///< opaque to the store
  uint64_t next_file_number = 1;       ///< above every number in use when it was written
  uint64_t first_log = 1;              ///< recovery replays this log file and all later ones
  uint64_t first_sequence = 1;         ///< the first sequence number in it
  std::vector<SegmentEntry> segments;  ///< oldest rows first
};

Buffer encode_manifest(const Manifest& manifest);

/// CORRUPT_FILE, or UNSUPPORTED_FORMAT for a version that this release does not know.
Expected<Manifest> decode_manifest(Bytes bytes);

/// When this returns, the new manifest is on the disk; after a crash the old or the new one is
/// there.
Expected<void> write_manifest(Vfs& vfs, const Manifest& manifest);

/// INDEX_NOT_FOUND if there is none, else as decode_manifest.
Expected<Manifest> read_manifest(Vfs& vfs);

/// What differs between any two manifests of a folder: cheap to read, for those who look often
/// whether there is a new one. Errors as read_manifest.
using ManifestMark = std::array<uint8_t, 24>;
Expected<ManifestMark> read_manifest_mark(Vfs& vfs);

}  // namespace quiver::store
