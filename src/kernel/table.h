#pragma once

// Plain C types only: this header is included by files compiled for one instruction set each, and
// an inline function here could be emitted with instructions that the running CPU lacks.
#include <stddef.h>
#include <stdint.h>

namespace quiver::kernel {

/// Distance between two vectors of `dim` floats; smaller is closer. No alignment is required.
using PairDistance = float (*)(const float* a, const float* b, uint32_t dim);

/// Distances from one query to `count` rows of a row-major `rows × dim` matrix; smaller is closer.
/// `ids` names the rows in order; null means rows 0 … count-1. `inv_norms[row]` (1 / ‖row‖, or 0
/// for a zero vector) scales the result and may be null, which means 1 for every row. `out`
/// receives `count` distances. The batch form owns the prefetching of rows.
using BatchDistance = void (*)(const float* query, const float* rows, const float* inv_norms,
                               const uint32_t* ids, size_t count, uint32_t dim, float* out);

/// Squared distance between two codes of `bytes` bytes, a multiple of kCodeAlignment; both are
/// aligned to it. A sum of whole numbers, so that every instruction set gives it exactly; it wraps
/// at 2^32, which codes of at most 65,536 dimensions do not reach.
using CodeDistance = uint32_t (*)(const uint8_t* a, const uint8_t* b, size_t bytes);

/// From one code to `count` codes that lie `bytes` apart from `codes` on. `ids` names them in
/// order; null means 0 … count-1. `out` receives `count` distances. Owns the prefetching.
using CodeBatch = void (*)(const uint8_t* query, const uint8_t* codes, size_t bytes,
                           const uint32_t* ids, size_t count, uint32_t* out);

inline constexpr size_t kCodeAlignment = 64;

/// What a code of signs ends with; before it a bit a dimension. Its length is a multiple of 16.
struct SignsEnd {
  float squared;  ///< of the distance of the row to the centre
  float slope;    ///< by which the estimate falls for each unit of Σ ±qᵢ
};

/// What the code of a query begins with that is compared with codes of signs. For each 16 bytes of
/// those there follow 64: of the levels of the query in these 128 dimensions, whole numbers from
/// -8 to 7, the lowest bits, the next ones, … the bits that stand for -8. Zeros beyond the signs.
struct SignsQuery {
  float squared;   ///< of the distance of the query to the centre
  float step;      ///< of a level
  int32_t levels;  ///< their sum
  float zeros[13];
};

/// A multiple of this is the length of a code of signs; so much of it is compared at a time.
inline constexpr size_t kSignsAtOnce = 16;
inline constexpr size_t kLevelsAtOnce = 4 * kSignsAtOnce;

/// How two codes of one kind are compared.
struct CodeKernel {
  CodeDistance pair;
  CodeBatch batch;
};

/// One instruction set's kernels. Every set gives bit-identical results (see isa/scalar.cpp), so an
/// index answers the same on every machine and in the browser.
struct KernelTable {
  const char* name;
  PairDistance l2;             ///< Σ (aᵢ - bᵢ)²
  PairDistance inner_product;  ///< -Σ aᵢ·bᵢ
  PairDistance cosine;     ///< -Σ aᵢ·bᵢ / (‖a‖·‖b‖), 0 if either is the zero vector
  BatchDistance l2_batch;  ///< ignores inv_norms
  BatchDistance
      inner_product_batch;  ///< -Σ aᵢ·bᵢ × inv_norms[row]: inner product, or cosine of a unit query
  CodeKernel l2_u8;         ///< Σ (aᵢ - bᵢ)² over bytes
  CodeKernel l2_u7;         ///< the same over bytes that are at most 127, sooner
  CodeKernel l2_u4;         ///< the same over half bytes, two in a byte
  CodeKernel l2_signs;  ///< not of two codes, but of a SignsQuery and a code of signs: the bits
                        ///< of a float, an estimate that is at least 0
};

}  // namespace quiver::kernel
