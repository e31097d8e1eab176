// Time of one distance, with everything in the nearest cache: every table this CPU runs × kernel ×
// dimension. On x86 also what a fused multiply-add would give ("fma256", "fma512"; same 32 sums),
// which the tables do without so that all of them give the same bits. Distances between codes are
// also measured on codes gathered from 200 MB.
//   kernels_bench --benchmark_filter=l2
//   kernels_bench --benchmark_filter=_u7_gathered --benchmark_repetitions=9

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernel/dispatch.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define QUIVER_BENCH_FMA 1
#endif

namespace {

using quiver::kernel::BatchDistance;
using quiver::kernel::CodeKernel;
using quiver::kernel::kCodeAlignment;
using quiver::kernel::KernelTable;
using quiver::kernel::kLevelsAtOnce;
using quiver::kernel::kSignsAtOnce;
using quiver::kernel::PairDistance;
using quiver::kernel::SignsQuery;

constexpr int64_t kDims[] = {128, 384, 768, 1536};
constexpr uint32_t kBatchRows = 4;  // with the query 30 KiB at the largest dimension
constexpr int64_t kCodeLengths[] = {128, 384, 768, 1536};
constexpr size_t kFarBytes = 200'000'000;
constexpr size_t kNeighbours = 24;  // codes that a step of a walk measures

/// Random floats that begin at a cache line: where they begin changes the time of 512-bit loads
/// twofold.
class Floats {
 public:
  explicit Floats(size_t count) : lines_((count + kLineFloats - 1) / kLineFloats) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    for (Line& line : lines_) {
      for (float& x : line.floats) x = normal(random);
    }
  }
  [[nodiscard]] const float* data() const { return lines_.front().floats; }

 private:
  static constexpr size_t kLineFloats = 16;
  struct alignas(64) Line {
    float floats[kLineFloats];
  };
  std::vector<Line> lines_;
};

/// Seconds a distance.
void report(benchmark::State& state, size_t distances_a_round) {
  state.counters["per_distance"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * distances_a_round,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void run_pair(benchmark::State& state, PairDistance distance) {
  const auto dim = static_cast<uint32_t>(state.range(0));
  const Floats floats(size_t{2} * dim);
  for ([[maybe_unused]] auto _ : state) {
    const float* a = floats.data();
    benchmark::DoNotOptimize(a);
    benchmark::DoNotOptimize(distance(a, a + dim, dim));
  }
  report(state, 1);
}

void run_batch(benchmark::State& state, BatchDistance distance) {
  const auto dim = static_cast<uint32_t>(state.range(0));
  const Floats floats(size_t{kBatchRows + 1} * dim);
  const std::vector<float> inv_norms(kBatchRows, 1.0F);
  uint32_t ids[kBatchRows * 8];
  for (uint32_t i = 0; i < std::size(ids); ++i) ids[i] = i * 3 % kBatchRows;
  float out[std::size(ids)];
  for ([[maybe_unused]] auto _ : state) {
    distance(floats.data(), floats.data() + dim, inv_norms.data(), ids, std::size(ids), dim, out);
    benchmark::ClobberMemory();
  }
  report(state, std::size(ids));
}

/// Random bytes of at most 127, so that they are codes of every kind.
class Codes {
 public:
  explicit Codes(size_t bytes) : lines_(bytes / kCodeAlignment) {
    std::mt19937_64 random(7);
    for (Line& line : lines_) {
      for (uint64_t& word : line.words) word = random() & 0x7F7F'7F7F'7F7F'7F7F;
    }
  }
  [[nodiscard]] const uint8_t* data() const {
    return reinterpret_cast<const uint8_t*>(lines_.data());
  }

 private:
  struct alignas(kCodeAlignment) Line {
    uint64_t words[kCodeAlignment / sizeof(uint64_t)];
  };
  std::vector<Line> lines_;
};

/// For a query of any kind: most take `bytes`.
constexpr size_t query_bytes(size_t bytes) {
  return sizeof(SignsQuery) + bytes / kSignsAtOnce * kLevelsAtOnce;
}

void run_code_pair(benchmark::State& state, CodeKernel kernel) {
  const auto bytes = static_cast<size_t>(state.range(0));
  const Codes codes(query_bytes(bytes) + bytes);
  for ([[maybe_unused]] auto _ : state) {
    const uint8_t* a = codes.data();
    benchmark::DoNotOptimize(a);
    benchmark::DoNotOptimize(kernel.pair(a, a + query_bytes(bytes), bytes));
  }
  report(state, 1);
}

void run_code_batch(benchmark::State& state, CodeKernel kernel) {
  const auto bytes = static_cast<size_t>(state.range(0));
  const Codes codes(query_bytes(bytes) + kNeighbours * bytes);
  uint32_t ids[kNeighbours];
  for (uint32_t i = 0; i < kNeighbours; ++i) ids[i] = i * 7 % kNeighbours;
  uint32_t out[kNeighbours];
  for ([[maybe_unused]] auto _ : state) {
    kernel.batch(codes.data(), codes.data() + query_bytes(bytes), bytes, ids, kNeighbours, out);
    benchmark::ClobberMemory();
  }
  report(state, kNeighbours);
}

/// Batches from memory, each of which begins when the one before is done, as in a walk.
void run_code_gathered(benchmark::State& state, CodeKernel kernel) {
  static const Codes far(kFarBytes);
  const auto bytes = static_cast<size_t>(state.range(0));
  const Codes query(query_bytes(bytes));
  std::vector<uint32_t> ids(kFarBytes / bytes);
  std::iota(ids.begin(), ids.end(), 0U);
  std::shuffle(ids.begin(), ids.end(), std::mt19937(7));
  uint32_t out[kNeighbours] = {};
  size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {
    at += kNeighbours + (out[kNeighbours - 1] >> 31);  // no distance here is so large
    if (at + kNeighbours > ids.size()) at = 0;
    kernel.batch(query.data(), far.data(), bytes, ids.data() + at, kNeighbours, out);
    benchmark::ClobberMemory();
  }
  report(state, kNeighbours);
}

#if defined(QUIVER_BENCH_FMA)

// Whole blocks of 32 only: the benchmarked dimensions have no tail.
template <bool kDifference>
__attribute__((target("avx2,fma"))) float fma256(const float* a, const float* b, uint32_t dim) {
  __m256 sums[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                    _mm256_setzero_ps()};
  for (uint32_t i = 0; i < dim; i += 32) {
    for (int k = 0; k < 4; ++k) {
      const __m256 x = _mm256_loadu_ps(a + i + 8 * k);
      const __m256 y = _mm256_loadu_ps(b + i + 8 * k);
      const __m256 d = _mm256_sub_ps(x, y);
      sums[k] = kDifference ? _mm256_fmadd_ps(d, d, sums[k]) : _mm256_fmadd_ps(x, y, sums[k]);
    }
  }
  const __m256 eight =
      _mm256_add_ps(_mm256_add_ps(sums[0], sums[2]), _mm256_add_ps(sums[1], sums[3]));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

template <bool kDifference>
__attribute__((target("avx512f,avx512dq"))) float fma512(const float* a, const float* b,
                                                         uint32_t dim) {
  __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  for (uint32_t i = 0; i < dim; i += 32) {
    for (int k = 0; k < 2; ++k) {
      const __m512 x = _mm512_loadu_ps(a + i + 16 * k);
      const __m512 y = _mm512_loadu_ps(b + i + 16 * k);
      const __m512 d = _mm512_sub_ps(x, y);
      sums[k] = kDifference ? _mm512_fmadd_ps(d, d, sums[k]) : _mm512_fmadd_ps(x, y, sums[k]);
    }
  }
  const __m512 all = _mm512_add_ps(sums[0], sums[1]);
  const __m256 eight = _mm256_add_ps(_mm512_maskz_extractf32x8_ps(0xFF, all, 0),
                                     _mm512_maskz_extractf32x8_ps(0xFF, all, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

#endif

void add_pair(const std::string& name, PairDistance distance) {
  auto* bench = benchmark::RegisterBenchmark(name.c_str(), run_pair, distance);
  for (const int64_t dim : kDims) bench->Arg(dim);
}

void add_batch(const std::string& name, BatchDistance distance) {
  auto* bench = benchmark::RegisterBenchmark(name.c_str(), run_batch, distance);
  for (const int64_t dim : kDims) bench->Arg(dim);
}

void add_code(const std::string& kind, const std::string& table, CodeKernel kernel) {
  const std::pair<const char*, void (*)(benchmark::State&, CodeKernel)> runs[] = {
      {"/", run_code_pair}, {"_batch/", run_code_batch}, {"_gathered/", run_code_gathered}};
  for (const auto& [run_name, run] : runs) {
    auto* bench = benchmark::RegisterBenchmark((kind + run_name + table).c_str(), run, kernel);
    for (const int64_t bytes : kCodeLengths) bench->Arg(bytes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const KernelTable* table : quiver::kernel::available()) {
    const std::string name = table->name;
    add_pair("l2/" + name, table->l2);
    add_pair("ip/" + name, table->inner_product);
    add_pair("cosine/" + name, table->cosine);
    add_batch("l2_batch/" + name, table->l2_batch);
    add_batch("ip_batch/" + name, table->inner_product_batch);
    add_code("l2_u8", name, table->l2_u8);
    add_code("l2_u7", name, table->l2_u7);
    add_code("l2_u4", name, table->l2_u4);
    add_code("l2_signs", name, table->l2_signs);
  }
#if defined(QUIVER_BENCH_FMA)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    add_pair("l2/fma256", fma256<true>);
    add_pair("ip/fma256", fma256<false>);
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
    add_pair("l2/fma512", fma512<true>);
    add_pair("ip/fma512", fma512<false>);
  }
#endif
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
