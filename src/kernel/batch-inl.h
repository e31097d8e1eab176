#pragma once

#include "kernel/table.h"

namespace quiver::kernel {
namespace {

/// How far ahead of the arithmetic rows are asked for, and how much of each: together half of a 32
/// KiB cache. Measured on rows in random order of an 800 MB matrix (AVX2, ns a row at 128, 384 and
/// 768 dimensions): none 73, 218, 353; 4 rows of 512 bytes 41, 134, 226; 4 rows of 4096 bytes 41,
/// 72, 194.
inline constexpr size_t kPrefetchRows = 4;
inline constexpr size_t kPrefetchBytes = 4096;
inline constexpr size_t kCacheLineBytes = 64;

/// Inlined by force, as L::prefetch is: GCC takes a function that only prefetches for one without
/// effect, and may drop its calls.
template <typename L>
[[gnu::always_inline]] inline void prefetch_row(const float* row, size_t row_bytes) {
  const char* bytes = reinterpret_cast<const char*>(row);
  const size_t end = row_bytes < kPrefetchBytes ? row_bytes : kPrefetchBytes;
  for (size_t at = 0; at < end; at += kCacheLineBytes) L::prefetch(bytes + at);
}

/// Calls `emit(i, row, Pair(query, row))` for every row in order. Only listed rows are prefetched:
/// consecutive ones the processor foresees.
template <typename L, PairDistance Pair, typename Emit>
inline void for_each_row(const float* query, const float* rows, const uint32_t* ids, size_t count,
                         uint32_t dim, Emit emit) {
  if (ids == nullptr) {
    for (size_t i = 0; i < count; ++i) emit(i, i, Pair(query, rows + i * dim, dim));
    return;
  }
  if constexpr (L::kPrefetches) {
    const size_t row_bytes = size_t{dim} * sizeof(float);
    const size_t first = count < kPrefetchRows ? count : kPrefetchRows;
    for (size_t i = 0; i < first; ++i) prefetch_row<L>(rows + size_t{ids[i]} * dim, row_bytes);
    for (size_t i = 0; i < count; ++i) {
      if (i + kPrefetchRows < count) {
        prefetch_row<L>(rows + size_t{ids[i + kPrefetchRows]} * dim, row_bytes);
      }
      emit(i, ids[i], Pair(query, rows + size_t{ids[i]} * dim, dim));
    }
  } else {
    for (size_t i = 0; i < count; ++i) {
      emit(i, ids[i], Pair(query, rows + size_t{ids[i]} * dim, dim));
    }
  }
}

template <typename L, PairDistance Pair>
void l2_batch(const float* query, const float* rows, const float* /*inv_norms*/,
              const uint32_t* ids, size_t count, uint32_t dim, float* out) {
  for_each_row<L, Pair>(query, rows, ids, count, dim,
                        [=](size_t i, size_t, float distance) { out[i] = distance; });
}

template <typename L, PairDistance Pair>
void inner_product_batch(const float* query, const float* rows, const float* inv_norms,
                         const uint32_t* ids, size_t count, uint32_t dim, float* out) {
  if (inv_norms == nullptr) {
    for_each_row<L, Pair>(query, rows, ids, count, dim,
                          [=](size_t i, size_t, float distance) { out[i] = distance; });
  } else {
    for_each_row<L, Pair>(query, rows, ids, count, dim, [=](size_t i, size_t row, float distance) {
      out[i] = distance * inv_norms[row];
    });
  }
}

}  // namespace
}  // namespace quiver::kernel
