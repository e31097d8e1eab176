#include <gtest/gtest.h>

#if __has_include(<sys/mman.h>) && !defined(__EMSCRIPTEN__)
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "kernel/dispatch.h"

namespace quiver::kernel {
namespace {

/// Numbers that end (or begin) where the memory that may be read ends (or begins). Unlike a
/// sanitizer this also sees what an intrinsic reads.
template <typename T>
class Guarded {
 public:
  explicit Guarded(size_t capacity) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t inner = (capacity * sizeof(T) + page - 1) / page * page;
    size_ = inner + 2 * page;
    void* memory = mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    base_ = static_cast<char*>(memory);
    begin_ = base_ + page;
    end_ = begin_ + inner;
    if (mprotect(begin_, inner, PROT_READ | PROT_WRITE) != 0) begin_ = nullptr;
  }
  ~Guarded() {
    if (base_ != nullptr) munmap(base_, size_);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  [[nodiscard]] bool ready() const { return begin_ != nullptr; }
  [[nodiscard]] T* at_begin() const { return reinterpret_cast<T*>(begin_); }
  [[nodiscard]] T* at_end(size_t count) const { return reinterpret_cast<T*>(end_) - count; }

 private:
  char* base_ = nullptr;
  char* begin_ = nullptr;
  char* end_ = nullptr;
  size_t size_ = 0;
};

TEST(KernelOverrun, ReadsNothingOutsideItsRows) {
  constexpr uint32_t kRows = 9;
  constexpr uint32_t kMaxDim = 260;
  const Guarded<float> query(kMaxDim);
  const Guarded<float> rows(size_t{kRows} * kMaxDim);
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

TEST(KernelOverrun, ReadsNothingOutsideItsCodes) {
  constexpr size_t kCodes = 37;  // more than are asked for ahead
  constexpr size_t kMaxBytes = 1536;
  const auto signs_query = [](size_t bytes) {
    return sizeof(SignsQuery) + bytes / kSignsAtOnce * kLevelsAtOnce;
  };
  const Guarded<uint8_t> query(signs_query(kMaxBytes));
  const Guarded<uint8_t> codes(kCodes * kMaxBytes);
  const Guarded<uint32_t> ids(kCodes);
  const Guarded<uint32_t> out(kCodes);
  ASSERT_TRUE(query.ready() && codes.ready() && ids.ready() && out.ready());
  for (const KernelTable* table : available()) {
    SCOPED_TRACE(table->name);
    for (const CodeKernel& kernel : {table->l2_u8, table->l2_u7, table->l2_u4, table->l2_signs}) {
      const bool is_signs = kernel.pair == table->l2_signs.pair;
      const size_t step = is_signs ? kSignsAtOnce : kCodeAlignment;
      for (size_t bytes = step; bytes <= kMaxBytes; bytes += step) {
        const size_t query_bytes = is_signs ? signs_query(bytes) : bytes;
        const uint8_t* const queries[] = {query.at_begin(), query.at_end(query_bytes)};
        const uint8_t* const matrices[] = {codes.at_begin(), codes.at_end(kCodes * bytes)};
        for (int side = 0; side < 2; ++side) {
          EXPECT_EQ(kernel.pair(queries[side], matrices[side], bytes), 0U);
          EXPECT_EQ(kernel.pair(queries[side], matrices[side] + (kCodes - 1) * bytes, bytes), 0U);
          for (size_t count = kCodes - 4; count <= kCodes; ++count) {
            uint32_t* list = ids.at_end(count);
            for (size_t i = 0; i < count; ++i) {
              list[i] = static_cast<uint32_t>(i % 2 == 0 ? i : kCodes - 1 - i);
            }
            uint32_t* sums = out.at_end(count);
            sums[count - 1] = 1;
            kernel.batch(queries[side], matrices[side], bytes, nullptr, count, sums);
            EXPECT_EQ(sums[count - 1], 0U);
            sums[count - 1] = 1;
            kernel.batch(queries[side], matrices[side], bytes, list, count, sums);
            EXPECT_EQ(sums[count - 1], 0U);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace quiver::kernel

#endif
