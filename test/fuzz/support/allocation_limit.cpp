#include "support/allocation_limit.h"

#include <sanitizer/allocator_interface.h>

#include <atomic>
#include <string>

#include "support/require.h"

namespace quiver::fuzz {
namespace {

/// What the core takes for itself, as a chunk of a head's vectors.
constexpr size_t kOwn = size_t{4} << 20;
/// What a byte of a file may become: most, an operation of a batch or a row's place in a table.
constexpr size_t kPerByte = 64;

std::atomic<size_t> most{0};  // 0: any

void on_malloc(const volatile void* /*place*/, size_t size) {
  const size_t limit = most.load(std::memory_order_relaxed);
  if (limit == 0 || size <= limit) return;
  most = 0;  // what reports it allocates too
  require(false, "an allocation of " + std::to_string(size) + " bytes, more than the input needs");
}

}  // namespace

AllocationLimit::AllocationLimit(size_t input_bytes) {
  static const bool installed = __sanitizer_install_malloc_and_free_hooks(
                                    on_malloc, [](const volatile void* /*place*/) {}) != 0;
  require(installed, "allocations can be watched");
  most = kOwn + input_bytes * kPerByte;
}

AllocationLimit::~AllocationLimit() { most = 0; }

}  // namespace quiver::fuzz
