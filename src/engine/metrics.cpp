#include "engine/metrics.h"

#include <string_view>
#include <vector>

#include "engine/put_entry.h"

namespace quiver::engine {
namespace {

constexpr std::array<std::string_view, kDiskUses> kDiskUseNames = {
    "open", "commit", "seal", "merge", "snapshot", "restore", "verify", "lock"};

double to_ms(uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

void begin_map(msgpack::Writer& writer, std::string_view name, uint32_t entries) {
  writer.text(name);
  writer.map(entries);
}

void put_histogram(msgpack::Writer& writer, std::string_view name, const Histogram& histogram,
                   bool with_buckets) {
  begin_map(writer, name, with_buckets ? 7 : 6);
  const Histogram::Summary summary = histogram.summary();
  put(writer, "count", summary.count);
  put(writer, "totalMs", summary.total);
  put(writer, "p50", summary.p50);
  put(writer, "p95", summary.p95);
  put(writer, "p99", summary.p99);
  put(writer, "max", summary.max);
  if (!with_buckets) return;
  // Gathered first: how many there are changes while they are read.
  std::vector<uint64_t> buckets;
  histogram.for_each_bucket([&](uint64_t longest, uint64_t count) {
    buckets.push_back(longest);
    buckets.push_back(count);
  });
  writer.text("buckets");
  writer.array(static_cast<uint32_t>(buckets.size()));
  for (const uint64_t number : buckets) writer.integer(number);
}

void put_windows(msgpack::Writer& writer, const Metrics& metrics) {
  constexpr std::array<uint32_t, 3> kSeconds = {1, 10, Window::kLongest};
  const uint32_t now = metrics.second_of(Metrics::Clock::now());
  writer.text("windows");
  writer.array(static_cast<uint32_t>(kSeconds.size()));
  for (const uint32_t seconds : kSeconds) {
    writer.map(3);
    put(writer, "seconds", uint64_t{seconds});
    put(writer, "queries", metrics.queries_done.rate(now, seconds));
    put(writer, "items", metrics.items_written.rate(now, seconds));
  }
}

void put_depth(msgpack::Writer& writer, std::string_view name, const Depth& depth) {
  begin_map(writer, name, 2);
  put(writer, "waiting", uint64_t{depth.now()});
  put(writer, "most", uint64_t{depth.most()});
}

void put_disk(msgpack::Writer& writer, const Metrics& metrics) {
  begin_map(writer, "disk", kDiskUses);
  for (size_t use = 0; use < kDiskUses; ++use) {
    const store::IoCounts& counts = metrics.disk[use];
    begin_map(writer, kDiskUseNames[use], 6);
    put(writer, "reads", counts.reads.load());
    put(writer, "bytesRead", counts.bytes_read.load());
    put(writer, "bytesMapped", counts.bytes_mapped.load());
    put(writer, "writes", counts.writes.load());
    put(writer, "bytesWritten", counts.bytes_written.load());
    put(writer, "syncs", counts.syncs.load());
  }
}

}  // namespace

void Metrics::record_commit(Clock::time_point start, uint64_t inserted, uint64_t updated,
                            uint64_t deleted) {
  items_inserted.fetch_add(inserted, std::memory_order_relaxed);
  items_updated.fetch_add(updated, std::memory_order_relaxed);
  items_deleted.fetch_add(deleted, std::memory_order_relaxed);
  const auto end = Clock::now();
  commits.record(static_cast<uint64_t>((end - start) / std::chrono::nanoseconds(1)));
  items_written.add(second_of(end), inserted + updated);
}

double Metrics::query_cpu_ms() const {
  const uint64_t time = sampled_query_time.load(std::memory_order_relaxed);
  if (time == 0) return 0;
  const uint64_t cpu = sampled_query_cpu.load(std::memory_order_relaxed);
  return queries.total_ms() * (static_cast<double>(cpu) / static_cast<double>(time));
}

void put_metrics(msgpack::Writer& writer, const Metrics& metrics, bool with_buckets) {
  put_histogram(writer, "queries", metrics.queries, with_buckets);
  put_histogram(writer, "inserts", metrics.inserts, with_buckets);
  put_histogram(writer, "commits", metrics.commits, with_buckets);
  put_histogram(writer, "seals", metrics.seals, with_buckets);
  put_histogram(writer, "merges", metrics.merges, with_buckets);
  put_histogram(writer, "lockWaits", metrics.lock_waits, with_buckets);
  put(writer, "lockRefusals", metrics.lock_refusals.load());
  begin_map(writer, "written", 3);
  put(writer, "inserted", metrics.items_inserted.load());
  put(writer, "updated", metrics.items_updated.load());
  put(writer, "deleted", metrics.items_deleted.load());
  put_windows(writer, metrics);
  begin_map(writer, "queues", 2);
  put_depth(writer, "reads", metrics.reads_waiting);
  put_depth(writer, "writes", metrics.writes_waiting);
  begin_map(writer, "cpuMs", 3);
  put(writer, "queries", metrics.query_cpu_ms());
  put(writer, "writes", to_ms(metrics.write_cpu.load()));
  put(writer, "maintenance", to_ms(metrics.maintenance_cpu.load()));
  put_disk(writer, metrics);
  const std::chrono::duration<double, std::milli> uptime =
      Metrics::Clock::now() - metrics.opened_at;
  put(writer, "uptimeMs", uptime.count());
}

}  // namespace quiver::engine
