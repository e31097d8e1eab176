#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "store/mapped_pages.h"

namespace quiver::store {
namespace {

uint64_t page_size() {
  static const auto size = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

/// Counts by mincore, for which a page is resident if any process has it or the system caches it.
uint64_t count_in_any_memory(const uint8_t* from, uint64_t pages) {
#ifdef __APPLE__
  using Flag = char;
#else
  using Flag = unsigned char;
#endif
  std::vector<Flag> flags(pages);
  // mincore takes a pointer to what it does not change.
  auto* address = const_cast<uint8_t*>(from);
  if (::mincore(address, pages * page_size(), flags.data()) != 0) return 0;
  uint64_t count = 0;
  for (const Flag flag : flags) count += static_cast<uint64_t>(flag) & 1;
  return count;
}

#ifdef __linux__
/// Counts by /proc/self/pagemap, a word a page, whose top bit says that this process has it.
uint64_t count_in_own_memory(int pagemap, const uint8_t* from, uint64_t pages) {
  std::vector<uint64_t> words(pages);
  const auto first = reinterpret_cast<uintptr_t>(from) / page_size();
  const size_t bytes = pages * sizeof(uint64_t);
  const ssize_t read =
      ::pread(pagemap, words.data(), bytes, static_cast<off_t>(first * sizeof(uint64_t)));
  if (read != static_cast<ssize_t>(bytes)) return count_in_any_memory(from, pages);
  uint64_t count = 0;
  for (const uint64_t word : words) count += word >> 63;
  return count;
}
#endif

}  // namespace

uint64_t resident_bytes(const void* address, size_t size) {
  if (size == 0) return 0;
  const auto* base = static_cast<const uint8_t*>(address);
  const uint64_t pages = (size + page_size() - 1) / page_size();
#ifdef __linux__
  const int pagemap = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
#endif
  const auto count = [&](uint64_t first, uint64_t number) {
    const uint8_t* from = base + first * page_size();
#ifdef __linux__
    if (pagemap >= 0) return count_in_own_memory(pagemap, from, number);
#endif
    return count_in_any_memory(from, number);
  };
  const uint64_t resident = count_pages(pages, count);
#ifdef __linux__
  if (pagemap >= 0) ::close(pagemap);
#endif
  return std::min<uint64_t>(resident * page_size(), size);
}

void release_pages(const void* address, size_t size) {
  if (size == 0) return;
  // madvise takes a pointer to what it does not change here: the mapping is only read.
  (void)::madvise(const_cast<void*>(address), size, MADV_DONTNEED);
}

}  // namespace quiver::store
