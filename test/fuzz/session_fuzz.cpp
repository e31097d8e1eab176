// Input: requests to a session on a sound index, in order; the name of each piece says which call
// gets it: "r" read, "w" write, "p" pump.
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "base/msgpack.h"
#include "engine/session.h"
#include "quiver.h"
#include "support/allocation_limit.h"
#include "support/batch_mutation.h"
#include "support/container.h"
#include "support/require.h"
#include "support/sample_index.h"

using namespace quiver;

namespace {

constexpr size_t kMaxRequests = 64;
constexpr uint32_t kWrite = 16;
constexpr uint32_t kStage = 18;

std::shared_ptr<store::Vfs> fresh_index() {
  static const fuzz::Files files = fuzz::sample_index({});
  const auto disk = std::make_shared<store::MemoryDisk>();
  disk->files = files;  // contents are shared, and never change
  return store::memory_vfs(disk);
}

/// Answers and slow queries are kept.
Buffer options_that_keep() {
  msgpack::Writer options;
  options.map(2);
  options.text("cacheSize");
  options.integer(65535);
  options.text("slowQueryMs");
  options.integer(0);
  return options.take();
}

void check_verifies(engine::Session& session) {
  const auto report = session.read(Buffer{4, 0, 0, 0});
  fuzz::require(static_cast<bool>(report), "an index can be verified after any requests");
  fuzz::require(msgpack::Value(*report).find("ok")->boolean(), "an index is sound after them");
}

// ---- mutations ----------------------------------------------------------------------------------

uint32_t word_at(const Buffer& request, size_t word) {
  uint32_t value = 0;
  if (request.size() >= (word + 1) * 4) std::memcpy(&value, &request[word * 4], sizeof(value));
  return value;
}

/// Changes the part from `offset` on as a batch.
void mutate_batch_at(fuzz::Random& random, Buffer& request, size_t offset) {
  if (request.size() < offset) return;
  const auto start = request.begin() + static_cast<ptrdiff_t>(offset);
  Buffer batch(start, request.end());
  fuzz::mutate_batch(random, batch);
  request.resize(offset);
  request.insert(request.end(), batch.begin(), batch.end());
}

/// Makes the size of what stands at the end, a filter or options, fit again.
void repair_last_size(Buffer& request) {
  const auto repair = [&request](size_t word, uint64_t filter_start) {
    if (request.size() < (word + 1) * 4 || request.size() < filter_start) return;
    const auto size = static_cast<uint32_t>(request.size() - filter_start);
    std::memcpy(&request[word * 4], &size, sizeof(size));
  };
  switch (word_at(request, 0)) {
    case 1: {
      const uint64_t filter_start = 40 + uint64_t{word_at(request, 6)} * word_at(request, 7) * 4;
      if (word_at(request, 9) == 0) return repair(8, filter_start);
      return repair(9, filter_start + word_at(request, 8));
    }
    case 5:
      return repair(2, 12);
    case 6:
      return repair(6, 28 + uint64_t{word_at(request, 5)} * 4);
    default:
      return;
  }
}

void mutate_request(fuzz::Random& random, Buffer& request) {
  const uint32_t op = word_at(request, 0);
  if (op == kWrite && !fuzz::one_in(random, 8)) return mutate_batch_at(random, request, 4);
  if (op == kStage && !fuzz::one_in(random, 8)) return mutate_batch_at(random, request, 8);
  if (fuzz::one_in(random, 2)) {
    const size_t header = std::min<size_t>(request.size(), 40);
    fuzz::mutate_words(random, std::span(request).first(header));
  } else {
    fuzz::mutate_bytes(random, request, 32);
  }
  if (!fuzz::one_in(random, 4)) repair_last_size(request);
}

void mutate_requests(fuzz::Random& random, std::vector<fuzz::Piece>& requests) {
  if (requests.empty()) requests.push_back({"r", Buffer(4)});
  const size_t at = fuzz::below(random, requests.size());
  const auto place = requests.begin() + static_cast<ptrdiff_t>(at);
  switch (fuzz::below(random, 12)) {
    case 0:
      if (requests.size() < kMaxRequests) requests.insert(place, fuzz::Piece(requests[at]));
      break;
    case 1:
      requests.erase(place);
      break;
    case 2:
      std::swap(requests[at], requests[fuzz::below(random, requests.size())]);
      break;
    case 3:
      if (requests.size() < kMaxRequests) requests.insert(place, {"p", {}});
      break;
    default:
      mutate_request(random, requests[at].content);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  std::map<std::string, std::shared_ptr<store::Vfs>> folders;
  const auto open_folder = [&folders](const std::string& name) {
    auto& folder = folders[name];
    if (!folder) folder = store::memory_vfs(std::make_shared<store::MemoryDisk>());
    return folder;
  };
  const auto session = open_session(fresh_index(), options_that_keep(), open_folder);
  fuzz::require(static_cast<bool>(session), "a sound index is opened");
  std::vector<fuzz::Piece> requests = fuzz::unpack({data, size});
  if (requests.size() > kMaxRequests) requests.resize(kMaxRequests);
  for (const auto& [name, content] : requests) {
    if (name == "r") {
      (void)(*session)->read(content);
    } else if (name == "w") {
      (void)(*session)->write(content);
    } else if (name == "p") {
      // The work is small: until nothing is left.
      while (true) {
        const auto more = (*session)->pump(std::chrono::hours(1));
        if (!more || !*more) break;
      }
    }
  }
  check_verifies(**session);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  fuzz::Random random(seed);
  std::vector<fuzz::Piece> requests = fuzz::unpack({data, size});
  mutate_requests(random, requests);
  return fuzz::give_back(fuzz::pack(requests), data, size, max_size);
}
