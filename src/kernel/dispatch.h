#pragma once

#include <span>
#include <string_view>

#include "base/expected.h"
#include "kernel/metric.h"
#include "kernel/table.h"

namespace quiver::kernel {

/// The tables that this build contains and this CPU can run, best first; the scalar one is last,
/// and not in WebAssembly, which is built for SIMD.
std::span<const KernelTable* const> available();

/// The table in use: the best one, or the one that the environment variable QUIVER_SIMD names
/// ("scalar", "sse4", "avx2", "avx512", "avx512vnni", "neon", "wasm128"). Chosen once, at first
/// use. A name that is unknown or that this CPU lacks is ignored by active() and reported by
/// select().
const KernelTable& active();

/// Makes the named table the one in use (tests and benchmarks). Not thread-safe.
Expected<void> select(std::string_view name);

/// The kernel of `metric` between two vectors, and from a query to many rows, in `table`.
PairDistance pair_distance(const KernelTable& table, Metric metric);
BatchDistance batch_distance(const KernelTable& table, Metric metric);

/// 1 / ‖v‖, or 0 for a zero vector (or one whose squared norm overflows or underflows float32).
float inverse_norm(const float* v, uint32_t dim);

}  // namespace quiver::kernel
