#pragma once

#include <cstddef>
#include <cstdint>

namespace quiver::store {

/// Of a mapped range, about how many bytes are in this process's memory now. Of a large range a
/// part is looked at and taken for the whole: the call takes less than a millisecond. Where the
/// system does not tell one process's pages from another's, those in anybody's memory count.
uint64_t resident_bytes(const void* address, size_t size);

/// Takes the pages of a mapped, unchanged range out of this process's memory. They come back when
/// they are touched, from the system's cache while it keeps them, else from the disk.
void release_pages(const void* address, size_t size);

/// What `count(first, number)` gives for all pages from 0 on: of very many it is asked for some,
/// spread evenly, and taken for the whole.
template <typename Count>
uint64_t count_pages(uint64_t pages, Count count) {
  constexpr uint64_t kRuns = 64;
  constexpr uint64_t kRun = 512;
  if (pages <= kRuns * kRun) return count(uint64_t{0}, pages);
  uint64_t found = 0;
  // Neither product overflows: a range has less than 2^52 pages.
  for (uint64_t i = 0; i < kRuns; ++i) found += count((pages - kRun) * i / (kRuns - 1), kRun);
  return found * (pages / (kRuns * kRun));
}

}  // namespace quiver::store
