// Input: a manifest.
#include "store/manifest.h"
#include "support/allocation_limit.h"
#include "support/manifest_file.h"
#include "support/require.h"

using namespace quiver;

namespace {

bool same(const store::SegmentEntry& a, const store::SegmentEntry& b) {
  return a.number == b.number && a.rows == b.rows && a.deleted_rows == b.deleted_rows;
}

bool same(const store::Manifest& a, const store::Manifest& b) {
  return a.index == b.index && a.config == b.config && a.next_file_number == b.next_file_number &&
         a.first_log == b.first_log && a.first_sequence == b.first_sequence &&
         std::equal(a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end(),
                    [](const auto& x, const auto& y) { return same(x, y); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  const auto manifest = store::decode_manifest({data, size});
  if (!manifest) {
    const Code code = manifest.error().code;
    fuzz::require(code == Code::kCorruptFile || code == Code::kUnsupportedFormat,
                  "a manifest is sound, corrupt or of another version");
    return 0;
  }
  for (const store::SegmentEntry& entry : manifest->segments) {
    uint64_t next = 0;
    for (const uint32_t row : entry.deleted_rows) {
      fuzz::require(row >= next && row < entry.rows, "deleted rows ascend and exist");
      next = uint64_t{row} + 1;
    }
  }
  const auto again = store::decode_manifest(store::encode_manifest(*manifest));
  fuzz::require(again && same(*manifest, *again), "what was read is written and read again");
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  fuzz::Random random(seed);
  // Now and then the bytes as they are: the checksums are read too.
  if (fuzz::one_in(random, 8)) return LLVMFuzzerMutate(data, size, max_size);
  Buffer file(data, data + size);
  fuzz::mutate_manifest(random, file);
  return fuzz::give_back(file, data, size, max_size);
}
