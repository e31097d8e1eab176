// Input: a log file.
#include <cstring>
#include <vector>

#include "base/crc32c.h"
#include "store/log.h"
#include "store/vfs_memory.h"
#include "support/allocation_limit.h"
#include "support/log_file.h"
#include "support/require.h"

using namespace quiver;

namespace {

constexpr uint64_t kNumber = 7;

struct Reading {
  Expected<store::ReplayResult> result;
  std::vector<std::vector<Buffer>> transactions;
};

Reading read(store::Vfs& vfs, store::LogPosition from, store::LogTail tail) {
  std::vector<std::vector<Buffer>> transactions;
  auto result = store::replay_log(vfs, kNumber, from, tail, [&](std::span<const Bytes> payloads) {
    auto& transaction = transactions.emplace_back();
    for (const Bytes payload : payloads) transaction.emplace_back(payload.begin(), payload.end());
    return Expected<void>();
  });
  return {std::move(result), std::move(transactions)};
}

uint64_t records_in(const Reading& reading) {
  uint64_t records = 0;
  for (const auto& transaction : reading.transactions) records += transaction.size();
  return records;
}

void check_rewritten(const std::vector<std::vector<Buffer>>& transactions, uint64_t first) {
  const auto vfs = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  {
    auto log = store::LogWriter::create(*vfs, kNumber, first);
    fuzz::require(static_cast<bool>(log), "a log is written");
    for (const auto& transaction : transactions) {
      for (size_t i = 0; i < transaction.size(); ++i) {
        (void)(*log)->append(transaction[i], i + 1 == transaction.size());
      }
    }
    fuzz::require(static_cast<bool>((*log)->sync()), "a log is synced");
  }
  const Reading again = read(*vfs, {0, first}, store::LogTail::kFinal);
  fuzz::require(again.result && !again.result->torn_tail && again.transactions == transactions,
                "what was read is written and read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  const auto disk = std::make_shared<store::MemoryDisk>();
  disk->files[store::log_file_name(kNumber)] = std::make_shared<const Buffer>(data, data + size);
  const auto vfs = store::memory_vfs(disk);
  // What the file says, so that it fits.
  uint64_t first = 1;
  if (size >= 24) std::memcpy(&first, data + 16, sizeof(first));

  const Reading growing = read(*vfs, {0, first}, store::LogTail::kGrowing);
  const Reading final = read(*vfs, {0, first}, store::LogTail::kFinal);
  for (const Reading* reading : {&growing, &final}) {
    if (reading->result) continue;
    const Code code = reading->result.error().code;
    fuzz::require(code == Code::kCorruptFile || code == Code::kUnsupportedFormat,
                  "a log is sound, corrupt or of another version");
  }
  fuzz::require(final.transactions == growing.transactions,
                "how a log ends does not change what stands before the end");
  fuzz::require(growing.result || !final.result, "a log that is sound is sound while it grows");
  if (!growing.result) return 0;

  const store::LogPosition end = growing.result->end;
  fuzz::require(end.next_sequence == first + records_in(growing), "every record is counted");
  fuzz::require(end.offset <= size + 7, "the end is in the file, but for padding");
  const Reading after = read(*vfs, end, store::LogTail::kGrowing);
  fuzz::require(after.transactions.empty(), "nothing follows the end");
  if (growing.result && size >= 32) check_rewritten(growing.transactions, first);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  fuzz::Random random(seed);
  // Now and then the bytes as they are: the checksums are read too.
  if (fuzz::one_in(random, 8)) return LLVMFuzzerMutate(data, size, max_size);
  Buffer file(data, data + size);
  fuzz::mutate_log(random, file, [](fuzz::Random& source, Buffer& payload) {
    fuzz::mutate_bytes(source, payload, 64);
  });
  return fuzz::give_back(file, data, size, max_size);
}
