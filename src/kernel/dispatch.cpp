#include "kernel/dispatch.h"

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "kernel/cpu.h"
#include "kernel/isa/tables.h"
#include "kernel/norm.h"

namespace quiver::kernel {
namespace {

struct Row {
  const KernelTable* table;
  bool (*runs_on)(const CpuFeatures& cpu);
};

constexpr bool always(const CpuFeatures& /*cpu*/) { return true; }

/// The tables in this build, best first. A new instruction set is one row here.
constexpr Row kRows[] = {
#if defined(__x86_64__) || defined(_M_X64)
    {&kAvx512VnniTable, [](const CpuFeatures& cpu) { return cpu.avx512vnni; }},
    {&kAvx512Table, [](const CpuFeatures& cpu) { return cpu.avx512; }},
    {&kAvx2Table, [](const CpuFeatures& cpu) { return cpu.avx2; }},
    {&kSse4Table, [](const CpuFeatures& cpu) { return cpu.sse42; }},
#elif defined(__aarch64__) || defined(_M_ARM64)
    {&kNeonTable, always},
#elif defined(__wasm_simd128__)
    {&kWasm128Table, always},
#endif
#ifndef __wasm_simd128__  // a module that needs SIMD does not carry what nobody calls
    {&kScalarTable, always},
#endif
};

struct Available {
  std::array<const KernelTable*, std::size(kRows)> tables{};
  size_t count = 0;

  Available() {
    const CpuFeatures cpu = detect_cpu();
    for (const Row& row : kRows) {
      if (row.runs_on(cpu)) tables[count++] = row.table;
    }
  }
};

const KernelTable* find(std::string_view name) {
  for (const KernelTable* table : available()) {
    if (table->name == name) return table;
  }
  return nullptr;
}

const KernelTable* choose() {
#ifndef __wasm__  // has no environment
  if (const char* name = std::getenv("QUIVER_SIMD")) {
    if (const KernelTable* table = find(name)) return table;
  }
#endif
  return available().front();
}

/// Null until the first use. Two threads that both find it null choose the same table.
constinit std::atomic<const KernelTable*> active_table{nullptr};

}  // namespace

std::span<const KernelTable* const> available() {
  static const Available result;
  return std::span(result.tables).first(result.count);
}

const KernelTable& active() {
  const KernelTable* table = active_table.load(std::memory_order_acquire);
  if (table == nullptr) {
    const KernelTable* chosen = choose();
    // Where another thread (or select()) was first, `table` receives its choice.
    if (active_table.compare_exchange_strong(table, chosen, std::memory_order_acq_rel)) {
      table = chosen;
    }
  }
  return *table;
}

Expected<void> select(std::string_view name) {
  const KernelTable* table = find(name);
  if (table == nullptr) {
    std::string message = "no kernels named '" + std::string(name) + "' here; there are:";
    for (const KernelTable* one : available()) message.append(" ").append(one->name);
    return Error{Code::kInvalidArgument, std::move(message)};
  }
  active_table.store(table, std::memory_order_release);
  return {};
}

PairDistance pair_distance(const KernelTable& table, Metric metric) {
  if (metric == Metric::kL2) return table.l2;
  return metric == Metric::kCosine ? table.cosine : table.inner_product;
}

BatchDistance batch_distance(const KernelTable& table, Metric metric) {
  return metric == Metric::kL2 ? table.l2_batch : table.inner_product_batch;
}

float inverse_norm(const float* v, uint32_t dim) {
  const float squared = -active().inner_product(v, v, dim);
  return is_usable_squared_norm(squared) ? 1.0F / std::sqrt(squared) : 0.0F;
}

}  // namespace quiver::kernel
