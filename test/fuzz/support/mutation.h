#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "base/bytes.h"

/// libFuzzer's own mutations; changes `data` in place and returns its new size. Weak, because the
/// program that makes the seeds links what takes files apart and has no libFuzzer.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size,
                                                         size_t max_size);

namespace quiver::fuzz {

using Random = std::minstd_rand;

/// A number from 0 to `count` - 1.
inline size_t below(Random& random, size_t count) { return random() % count; }
inline bool one_in(Random& random, size_t count) { return below(random, count) == 0; }

/// What breaks readers: 0, ends of ranges, neighbours of `value`, now and then anything.
uint64_t odd_number(Random& random, uint64_t value);

/// Changes the bytes in some way; they may grow by up to `growth`.
void mutate_bytes(Random& random, Buffer& bytes, size_t growth);

/// Puts an odd number in place of a u32 or u64 of a table, for content that is one.
void mutate_words(Random& random, std::span<uint8_t> bytes);

/// Hands a mutated input back to libFuzzer, if it fits; else the input stays as it was.
size_t give_back(Bytes mutated, uint8_t* data, size_t size, size_t max_size);

}  // namespace quiver::fuzz
