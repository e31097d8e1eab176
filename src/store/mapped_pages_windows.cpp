#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
// K32QueryWorkingSetEx is in kernel32 since Windows 7; without this psapi.lib would be needed.
#ifndef PSAPI_VERSION
#define PSAPI_VERSION 2
#endif
#include <windows.h>
// After windows.h, which it needs.
#include <psapi.h>

#include <algorithm>
#include <vector>

#include "store/mapped_pages.h"

namespace quiver::store {
namespace {

uint64_t page_size() {
  SYSTEM_INFO info{};
  GetSystemInfo(&info);
  return info.dwPageSize;
}

}  // namespace

uint64_t resident_bytes(const void* address, size_t size) {
  if (size == 0) return 0;
  const uint64_t page = page_size();
  const auto* base = static_cast<const uint8_t*>(address);
  const auto count = [&](uint64_t first, uint64_t pages) {
    std::vector<PSAPI_WORKING_SET_EX_INFORMATION> infos(pages);
    for (uint64_t i = 0; i < pages; ++i) {
      infos[i].VirtualAddress = const_cast<uint8_t*>(base + (first + i) * page);
    }
    const auto bytes = static_cast<DWORD>(infos.size() * sizeof(infos[0]));
    if (QueryWorkingSetEx(GetCurrentProcess(), infos.data(), bytes) == 0) return uint64_t{0};
    return static_cast<uint64_t>(std::count_if(infos.begin(), infos.end(), [](const auto& info) {
      return info.VirtualAttributes.Valid != 0;
    }));
  };
  return std::min<uint64_t>(count_pages((size + page - 1) / page, count) * page, size);
}

void release_pages(const void* address, size_t size) {
  // Unlocking what is not locked takes pages out of the working set, and says that it failed.
  if (size != 0) (void)VirtualUnlock(const_cast<void*>(address), size);
}

}  // namespace quiver::store
