#include "support/mutation.h"

#include <algorithm>
#include <cstring>

namespace quiver::fuzz {
namespace {

template <typename T>
void replace_word(Random& random, std::span<uint8_t> bytes) {
  if (bytes.size() < sizeof(T)) return;
  uint8_t* place = bytes.data() + below(random, bytes.size() / sizeof(T)) * sizeof(T);
  T value;
  std::memcpy(&value, place, sizeof(T));
  value = static_cast<T>(odd_number(random, value));
  std::memcpy(place, &value, sizeof(T));
}

}  // namespace

uint64_t odd_number(Random& random, uint64_t value) {
  switch (below(random, 8)) {
    case 0:
      return 0;
    case 1:
      return value + 1;
    case 2:
      return value - 1;
    case 3:
      return ~uint64_t{0} - below(random, 2);
    case 4:
      return uint64_t{1} << below(random, 64);
    case 5:
      return value ^ uint64_t { 1 } << below(random, 32);
    case 6:
      return below(random, 100);
    default:
      return uint64_t{random()} << 32 | random();
  }
}

void mutate_bytes(Random& random, Buffer& bytes, size_t growth) {
  const size_t size = bytes.size();
  const size_t limit = size + (growth == 0 ? 0 : below(random, growth + 1));
  if (limit == 0) return;
  bytes.resize(limit);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), size, limit));
}

void mutate_words(Random& random, std::span<uint8_t> bytes) {
  for (size_t left = 1 + below(random, 4); left > 0; --left) {
    if (one_in(random, 4)) {
      replace_word<uint64_t>(random, bytes);
    } else {
      replace_word<uint32_t>(random, bytes);
    }
  }
}

size_t give_back(Bytes mutated, uint8_t* data, size_t size, size_t max_size) {
  if (mutated.size() > max_size) return size;
  std::copy(mutated.begin(), mutated.end(), data);
  return mutated.size();
}

}  // namespace quiver::fuzz
