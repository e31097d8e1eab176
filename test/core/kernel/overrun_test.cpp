#include <gtest/gtest.h>

#if __has_include(<sys/mman.h>) && !defined(__EMSCRIPTEN__)
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "kernel/dispatch.h"

namespace quiver::kernel {
namespace {

/// Floats that end (or begin) where the memory that may be read ends (or begins). Unlike a
/// sanitizer this also sees what an intrinsic reads.
class GuardedFloats {
 public:
  explicit GuardedFloats(size_t capacity) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t inner = (capacity * sizeof(float) + page - 1) / page * page;
    size_ = inner + 2 * page;
    void* memory = mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    base_ = static_cast<char*>(memory);
    begin_ = base_ + page;
    end_ = begin_ + inner;
    if (mprotect(begin_, inner, PROT_READ | PROT_WRITE) != 0) begin_ = nullptr;
  }
  ~GuardedFloats() {
    if (base_ != nullptr) munmap(base_, size_);
  }
  GuardedFloats(const GuardedFloats&) = delete;
  GuardedFloats& operator=(const GuardedFloats&) = delete;

  [[nodiscard]] bool ready() const { return begin_ != nullptr; }
  [[nodiscard]] float* at_begin() const { return reinterpret_cast<float*>(begin_); }
  [[nodiscard]] float* at_end(size_t count) const { return reinterpret_cast<float*>(end_) - count; }

 private:
  char* base_ = nullptr;
  char* begin_ = nullptr;
  char* end_ = nullptr;
  size_t size_ = 0;
};

TEST(KernelOverrun, ReadsNothingOutsideItsRows) {
  constexpr uint32_t kRows = 9;
  constexpr uint32_t kMaxDim = 260;
  const GuardedFloats query(kMaxDim);
  const GuardedFloats rows(size_t{kRows} * kMaxDim);
  ASSERT_TRUE(query.ready() && rows.ready());
  const uint32_t ids[] = {8, 0, 8, 1, 7, 2, 6, 3, 5, 4, 0, 8};
  for (const KernelTable* table : available()) {
    SCOPED_TRACE(table->name);
    for (uint32_t dim = 1; dim <= kMaxDim; ++dim) {
      const size_t floats = size_t{kRows} * dim;
      float out[std::size(ids)];
      const float* const queries[] = {query.at_begin(), query.at_end(dim)};
      const float* const matrices[] = {rows.at_begin(), rows.at_end(floats)};
      for (int side = 0; side < 2; ++side) {
        const float* q = queries[side];
        const float* matrix = matrices[side];
        for (const float* row : {matrix, matrix + floats - dim}) {
          EXPECT_EQ(table->l2(q, row, dim), 0.0F);
          EXPECT_EQ(table->inner_product(q, row, dim), 0.0F);
          EXPECT_EQ(table->cosine(q, row, dim), 0.0F);
        }
        table->l2_batch(q, matrix, nullptr, nullptr, kRows, dim, out);
        table->l2_batch(q, matrix, nullptr, ids, std::size(ids), dim, out);
        table->inner_product_batch(q, matrix, nullptr, nullptr, kRows, dim, out);
        table->inner_product_batch(q, matrix, nullptr, ids, std::size(ids), dim, out);
        EXPECT_EQ(out[0], 0.0F);
      }
    }
  }
}

}  // namespace
}  // namespace quiver::kernel

#endif
