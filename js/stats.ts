import type { OpenIndex } from './open-index.ts';
import type {
  Durability,
  IndexStats,
  MemoryMetrics,
  PerformanceMetrics,
  SegmentStats,
} from './types.ts';
import { op, packWords } from './wire/requests.ts';
import { readMap } from './wire/results.ts';

interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** The `stats` map of docs/engine-messages.md. */
export interface CoreStats {
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
  readonly queries: Latencies & { readonly totalMs: number };
  readonly inserts: { readonly items: number; readonly totalMs: number };
  readonly commits: Latencies;
  readonly uptimeMs: number;
}

export async function readStats(index: OpenIndex): Promise<CoreStats> {
  return readMap(await index.read(packWords(op.stats))) as unknown as CoreStats;
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
  const { queries, inserts, commits } = stats;
  const { engine, attempts } = index.loaded;
  return {
    queryLatencyP50: queries.p50,
    queryLatencyP95: queries.p95,
    queryLatencyP99: queries.p99,
    queryLatencyMax: queries.max,
    queries: queries.count,
    queryTimeTotal: queries.totalMs,
    queryThroughput: perSecond(queries.count, queries.totalMs),
    insertThroughput: perSecond(inserts.items, inserts.totalMs),
    itemCount: stats.items,
    indexSize: stats.bytesOnDisk,
    memory: stats.memory,
    headRows: stats.headRows,
    deletedRows: stats.deletedRows,
    segments: stats.segments,
    commits,
    maintenance: stats.maintenance,
    durability: stats.durability,
    backend: engine.backend,
    backendReason: attempts,
    simd: engine.simd,
    uptimeMs: stats.uptimeMs,
  };
}

function perSecond(count: number, milliseconds: number): number {
  return milliseconds > 0 ? (count / milliseconds) * 1000 : 0;
}
