#include "support/manifest_file.h"

#include <cstring>

#include "base/crc32c.h"
#include "store/manifest.h"

namespace quiver::fuzz {
namespace {

constexpr size_t kHeaderBytes = 24;

void mutate_segment(Random& random, store::SegmentEntry& entry) {
  switch (below(random, 4)) {
    case 0:
      entry.number = odd_number(random, entry.number);
      break;
    case 1:
      entry.rows = static_cast<uint32_t>(odd_number(random, entry.rows));
      break;
    case 2:
      entry.deleted_rows.clear();
      for (uint32_t row = 0; row < entry.rows && row < 1000; ++row) {
        if (one_in(random, 3)) entry.deleted_rows.push_back(row);
      }
      break;
    default:
      if (entry.deleted_rows.empty()) break;
      entry.deleted_rows.back() =
          static_cast<uint32_t>(odd_number(random, entry.deleted_rows.back()));
  }
}

void mutate_field(Random& random, store::Manifest& manifest) {
  const size_t segments = manifest.segments.size();
  switch (below(random, 8)) {
    case 0:
      mutate_bytes(random, manifest.config, 16);
      break;
    case 1:
      manifest.next_file_number = odd_number(random, manifest.next_file_number);
      break;
    case 2:
      manifest.first_log = odd_number(random, manifest.first_log);
      break;
    case 3:
      manifest.first_sequence = odd_number(random, manifest.first_sequence);
      break;
    case 4:
      if (segments == 0) break;
      manifest.segments.erase(manifest.segments.begin() +
                              static_cast<ptrdiff_t>(below(random, segments)));
      break;
    case 5:
      if (segments == 0 || segments > 100) break;
      manifest.segments.push_back(manifest.segments[below(random, segments)]);
      break;
    default:
      if (segments == 0) break;
      mutate_segment(random, manifest.segments[below(random, segments)]);
  }
}

}  // namespace

void seal_manifest(Buffer& file) {
  if (file.size() < kHeaderBytes) return;
  const auto put = [&file](size_t offset, uint32_t value) {
    std::memcpy(&file[offset], &value, sizeof(value));
  };
  put(12, static_cast<uint32_t>(file.size() - kHeaderBytes));
  put(16, crc32c(Bytes(file).subspan(kHeaderBytes)));
  put(20, crc32c(Bytes(file).first(20)));
}

void mutate_manifest(Random& random, Buffer& file) {
  auto manifest = store::decode_manifest(file);
  if (manifest && !one_in(random, 3)) {
    mutate_field(random, *manifest);
    file = store::encode_manifest(*manifest);
    return;
  }
  if (file.size() < kHeaderBytes) return mutate_bytes(random, file, 64);
  Buffer body(file.begin() + kHeaderBytes, file.end());
  mutate_bytes(random, body, 16);
  file.resize(kHeaderBytes);
  if (one_in(random, 16)) mutate_words(random, file);
  file.insert(file.end(), body.begin(), body.end());
  seal_manifest(file);
}

}  // namespace quiver::fuzz
