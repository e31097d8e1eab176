import type { OpenIndex } from './open-index.ts';
import type {
  CacheMetrics,
  DiskMetrics,
  DiskUse,
  Durability,
  IndexStats,
  LatencyKind,
  LatencyMetrics,
  MemoryMetrics,
  PerformanceMetrics,
  QueueMetrics,
  SegmentStats,
  ThroughputMetrics,
  WriteCounts,
} from './types.ts';
import { op, packWords } from './wire/requests.ts';
import { readMap } from './wire/results.ts';

/** With buckets, if they were asked for: the longest nanoseconds of each and its count, in turns. */
type CoreLatencies = LatencyMetrics & { readonly buckets?: readonly number[] };

/** The `stats` map of docs/engine-messages.md. */
export interface CoreStats extends Readonly<Record<LatencyKind, CoreLatencies>> {
  readonly items: number;
  readonly dimensions: number;
  readonly bytesOnDisk: number;
  readonly headRows: number;
  readonly deletedRows: number;
  readonly durability: Durability;
  readonly segments: readonly SegmentStats[];
  readonly maintenance: {
    readonly idle: boolean;
    readonly done: number;
    readonly total: number;
    readonly error: string | null;
  };
  readonly memory: MemoryMetrics;
  readonly cache: CacheMetrics;
  readonly lockRefusals: number;
  readonly written: WriteCounts;
  readonly windows: readonly ThroughputMetrics[];
  readonly queues: { readonly reads: QueueMetrics; readonly writes: QueueMetrics };
  readonly cpuMs: {
    readonly queries: number;
    readonly writes: number;
    readonly maintenance: number;
  };
  readonly disk: Readonly<Record<DiskUse, DiskMetrics>>;
  readonly uptimeMs: number;
}

/** The bits of the request's `flags`. */
const flag = { buckets: 1 } as const;

export async function readStats(
  index: OpenIndex,
  { buckets = false }: { buckets?: boolean } = {},
): Promise<CoreStats> {
  const request = packWords(op.stats, buckets ? flag.buckets : 0);
  return readMap(await index.read(request)) as unknown as CoreStats;
}

export function indexStats(index: OpenIndex, stats: CoreStats): IndexStats {
  return {
    version: index.user.version,
    metadata_config: index.user.metadata_config,
    items: stats.items,
    dimensions: stats.dimensions === 0 ? index.dimensions : stats.dimensions,
    metric: index.metric,
    M: index.M,
    efConstruction: index.efConstruction,
    quantization: index.quantization,
    segments: stats.segments,
  };
}

export function performanceMetrics(index: OpenIndex, stats: CoreStats): PerformanceMetrics {
  const { queries, commits, written, cache } = stats;
  const { engine, attempts } = index.loaded;
  const asked = cache.hits + cache.misses;
  return {
    queryLatencyP50: queries.p50,
    queryLatencyP95: queries.p95,
    queryLatencyP99: queries.p99,
    queryLatencyMax: queries.max,
    queries: queries.count,
    queryTimeTotal: queries.totalMs,
    queryThroughput: perSecond(queries.count, queries.totalMs),
    insertThroughput: perSecond(written.inserted + written.updated, commits.totalMs),
    throughput: stats.windows,
    itemCount: stats.items,
    itemsWritten: written,
    indexSize: stats.bytesOnDisk,
    memory: stats.memory,
    cacheHitRate: asked === 0 ? 0 : cache.hits / asked,
    cache,
    disk: stats.disk,
    headRows: stats.headRows,
    deletedRows: stats.deletedRows,
    segments: stats.segments,
    inserts: latencies(stats.inserts),
    commits: latencies(commits),
    seals: latencies(stats.seals),
    merges: latencies(stats.merges),
    lockWaits: latencies(stats.lockWaits),
    lockRefusals: stats.lockRefusals,
    queues: stats.queues,
    cpuTime: stats.cpuMs,
    maintenance: stats.maintenance,
    durability: stats.durability,
    storage: index.storage,
    backend: engine.backend,
    backendReason: attempts,
    simd: engine.simd,
    uptimeMs: stats.uptimeMs,
  };
}

function latencies({ buckets: _, ...rest }: CoreLatencies): LatencyMetrics {
  return rest;
}

function perSecond(count: number, milliseconds: number): number {
  return milliseconds > 0 ? (count / milliseconds) * 1000 : 0;
}
