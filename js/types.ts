import type { Backend, StorageKind } from './engine/engine.ts';

export const metrics = ['cosine', 'l2', 'ip'] as const;
/** How vectors are compared. */
export type Metric = (typeof metrics)[number];

export const quantizations = ['auto', 'none', 'sq8', 'sq4', 'binary', 'pq'] as const;
/** How vectors are shortened for searches. */
export type Quantization = (typeof quantizations)[number];

export const durabilities = ['sync', 'async', 'none'] as const;
/**
 * What a write that was acknowledged can be lost by. `'sync'`: nothing, it is on the disk. `'async'`: a power cut or a crash
 * of the system within about 100 ms; no crash of the process. `'none'`: a power cut or a crash of the system until the
 * system writes it by itself; no crash of the process. Whatever is lost, it is whole transactions, the newest ones.
 */
export type Durability = (typeof durabilities)[number];

/** Numbers as an item or a query brings them. Typed arrays of other realms (Jest, vm) are accepted. */
export type VectorInput = Float32Array | Float64Array | readonly number[];

/** What metadata may hold. Properties that are `undefined` are left out, as in JSON. */
export type MetadataValue =
  | string
  | number
  | boolean
  | null
  | readonly MetadataValue[]
  | { readonly [key: string]: MetadataValue | undefined };

/** Metadata when no type of your own is given. */
export type Metadata = Record<string, MetadataValue>;

/** An item to insert. Its arrays and objects must not change until the call is done. */
export interface ItemInput<TMetadata extends object = Metadata> {
  /** 1 to 1024 bytes of UTF-8. @default a new UUID */
  readonly id?: string | undefined;
  readonly vector: VectorInput;
  readonly metadata?: TMetadata | null | undefined;
}

/** A change to an item that is there: what it leaves out stays. */
export interface ItemPatch<TMetadata extends object = Metadata> {
  readonly id: string;
  readonly vector?: VectorInput | undefined;
  /** Replaces the properties of the same name and keeps the others. */
  readonly metadata?: Partial<TMetadata> | null | undefined;
}

/** An item with its vector. */
export interface IndexItem<TMetadata extends object = Metadata> {
  readonly id: string;
  readonly metadata: TMetadata;
  readonly vector: Float32Array;
  /** The vector's Euclidean length. */
  readonly norm: number;
}

/** An item as searches return it: with its vector only when `includeVectors` asked for it. */
export interface FoundItem<TMetadata extends object = Metadata> {
  readonly id: string;
  readonly metadata: TMetadata;
  readonly vector?: Float32Array;
  readonly norm: number;
}

export interface QueryResult<TMetadata extends object = Metadata> {
  readonly item: FoundItem<TMetadata>;
  /** Cosine similarity, inner product, or negated squared L2 distance: larger is always better. */
  readonly score: number;
}

/** What a write did. In an open update all counts are 0: nothing is done before `endUpdate`, which returns them. */
export interface WriteCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

export interface WriteResult extends WriteCounts {
  /** The items' ids, in the order given; new ones where an item had none. */
  readonly ids: readonly string[];
}

/** How far long work has come. */
export interface Progress {
  readonly done: number;
  /** Left out when the input is an iterable, whose length nobody knows. */
  readonly total?: number;
}

export interface MetadataConfig {
  /**
   * Fields (or paths with dots to what is in one) that filters are answered by columns for. Others are kept and returned all the
   * same, and a filter asks for them row by row. @default all fields
   */
  readonly indexed?: readonly string[];
}

export interface IndexStats {
  /** The `version` given to `createIndex`. */
  readonly version: number;
  readonly metadata_config: MetadataConfig;
  readonly items: number;
  /** 0 while it is not known: before the first vector, unless `createIndex` was told. */
  readonly dimensions: number;
  readonly metric: Metric;
  readonly M: number;
  readonly efConstruction: number | 'auto';
  readonly quantization: Quantization;
  readonly segments: readonly SegmentStats[];
}

/** How the vectors of a segment are shortened for searches. */
export interface CodeStats {
  readonly kind: Exclude<Quantization, 'auto'>;
  /** Of one vector in memory that searches walk through; 0 for `'none'`. */
  readonly bytesPerVector: number;
  /** Whether codes hold all that the vectors do: whole numbers in a range of 256, or `'none'`. */
  readonly exact: boolean;
  /** Whether `'auto'` chose the kind. */
  readonly automatic: boolean;
  /**
   * What share of the 10 nearest neighbours in a held-out sample are among the 20 that codes put first: with at least
   * 0.99 `'auto'` takes a kind. 1 where codes are exact, 0 where nothing was measured.
   */
  readonly sampleRecall: number;
}

export interface SegmentStats {
  readonly file: string;
  readonly rows: number;
  readonly deleted: number;
  readonly bytes: number;
  /** Whether its graph is built; without one it is searched exactly. */
  readonly graph: boolean;
  /** What its graph was built with; null without a graph, and where few rows or unknown ones took `'auto'`'s least. */
  readonly efConstruction: number | null;
  /** What its graph is searched by; null without a graph. */
  readonly codes: CodeStats | null;
  /** What recall@10 searches of its graph reached with which `ef`, measured when it was built. */
  readonly recall: readonly { readonly ef: number; readonly recall: number }[];
}

/** Bytes of the index in this process. */
export interface MemoryMetrics {
  /** Of rows that are in no segment yet. */
  readonly head: number;
  /** Of all segments, in memory or not. */
  readonly segments: number;
  /** Of `segments`, those that come into memory by use and may leave it again. */
  readonly mapped: number;
  /** Of `segments`, those that are in memory now; of large ones a part is looked at and taken for the whole. */
  readonly resident: number;
  /** Of metadata that are kept decompressed. */
  readonly blocks: number;
  /** The `memoryLimit`; 0 without one. */
  readonly limit: number;
}

/** How long something took, in milliseconds. Percentiles are up to 1/32 too long. */
export interface LatencyMetrics {
  readonly count: number;
  /** Summed over all of them. */
  readonly totalMs: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What an index's files are read and written for. */
export const diskUses = [
  'open',
  'commit',
  'seal',
  'merge',
  'snapshot',
  'restore',
  'verify',
  'lock',
] as const;
export type DiskUse = (typeof diskUses)[number];

/** What went between this process and the file system. */
export interface DiskMetrics {
  /** Files, or ends of files, that were opened to be read. */
  readonly reads: number;
  /** Of them, what came into memory at once. */
  readonly bytesRead: number;
  /** And what was mapped: it comes into memory by use, or never, and no call tells (see `memory.resident`). */
  readonly bytesMapped: number;
  readonly writes: number;
  readonly bytesWritten: number;
  /** Of files and folders (fsync). */
  readonly syncs: number;
}

/** How many wait, now and when there were most of them. */
export interface QueueMetrics {
  readonly waiting: number;
  readonly most: number;
}

/** Answers that are kept (see `cacheSize`); all 0 without one. */
export interface CacheMetrics {
  /** Queries that were answered from there. */
  readonly hits: number;
  /** Queries that were searched for all the same. */
  readonly misses: number;
  /** Answers that had to go for others, outdated ones among them. */
  readonly evictions: number;
  readonly entries: number;
  readonly bytes: number;
  /** The `cacheSize`. */
  readonly limit: number;
}

/** How much a second there was in the last `seconds` whole ones, or as many as the index is open. */
export interface ThroughputMetrics {
  readonly seconds: number;
  readonly queries: number;
  /** Inserted or replaced. */
  readonly items: number;
}

/**
 * What an index did since this process opened it, and what it takes now. All objects on one folder in a process share
 * these numbers. docs/metrics.md says what each of them counts.
 */
export interface PerformanceMetrics {
  /** Milliseconds in the core. */
  readonly queryLatencyP50: number;
  readonly queryLatencyP95: number;
  readonly queryLatencyP99: number;
  readonly queryLatencyMax: number;
  readonly queries: number;
  /** Milliseconds of search, summed over all queries. */
  readonly queryTimeTotal: number;
  /** Queries per second of search time: what one thread that does nothing else would answer. */
  readonly queryThroughput: number;
  /** Items per second of writing time. */
  readonly insertThroughput: number;
  /** Per second of the clock, in the last 1, 10 and 60 seconds. */
  readonly throughput: readonly ThroughputMetrics[];
  readonly itemCount: number;
  readonly itemsWritten: WriteCounts;
  /** Bytes on disk. */
  readonly indexSize: number;
  readonly memory: MemoryMetrics;
  /** Hits among all that asked the cache, 0 to 1. */
  readonly cacheHitRate: number;
  readonly cache: CacheMetrics;
  readonly disk: Readonly<Record<DiskUse, DiskMetrics>>;
  /** Rows that are not yet in a segment, and rows deleted but not yet removed. */
  readonly headRows: number;
  readonly deletedRows: number;
  readonly segments: readonly SegmentStats[];
  /** Calls that write items, from their arrival in the core to the answer; refused ones are not counted. */
  readonly inserts: LatencyMetrics;
  /** One or more of these calls that became durable together. */
  readonly commits: LatencyMetrics;
  /** Background work from start to end: what made segments of heads, and of segments. */
  readonly seals: LatencyMetrics;
  readonly merges: LatencyMetrics;
  /** Of those who had to wait for another thread that changes the index. */
  readonly lockWaits: LatencyMetrics;
  /** How often another process had the folder's lock (`LOCKED`). */
  readonly lockRefusals: number;
  /** Calls that wait for a thread; always 0 in WebAssembly. */
  readonly queues: { readonly reads: QueueMetrics; readonly writes: QueueMetrics };
  /** Milliseconds on CPUs; of queries estimated from every 64th. In WebAssembly: of the clock. */
  readonly cpuTime: {
    readonly queries: number;
    readonly writes: number;
    readonly maintenance: number;
  };
  /** Rows done and to do in the background, and why it failed last if it did. */
  readonly maintenance: {
    readonly idle: boolean;
    readonly done: number;
    readonly total: number;
    readonly error: string | null;
  };
  readonly durability: Durability;
  /** Where its files are. */
  readonly storage: StorageKind;
  readonly backend: Backend;
  /** Why this backend: one sentence for each way of loading that was tried. */
  readonly backendReason: readonly string[];
  /** The instruction set of the distance kernels. */
  readonly simd: string;
  readonly uptimeMs: number;
}

/** Durations of one kind, as a histogram: how many took longer than the bucket before and at most `upToMs`. */
export type LatencyBuckets = readonly { readonly upToMs: number; readonly count: number }[];

/** What `index.metrics.toJSON()` gives. */
export interface MetricsData extends PerformanceMetrics {
  readonly labels: Readonly<Record<string, string>>;
  readonly histograms: Readonly<Record<LatencyKind, LatencyBuckets>>;
}

export const latencyKinds = [
  'queries',
  'inserts',
  'commits',
  'seals',
  'merges',
  'lockWaits',
] as const;
export type LatencyKind = (typeof latencyKinds)[number];

/** What a snapshot took, or restoring one. */
export interface SnapshotResult {
  readonly files: number;
  /** Of them, those that the file system shares with the other folder (or with `base`) instead of copying them. */
  readonly linkedFiles: number;
  readonly bytesCopied: number;
}

/** What a repair saved and what it could not. */
export interface RepairResult {
  readonly itemsKept: number;
  /** Items that were there and are known to be lost. What damaged records of the log changed is not counted. */
  readonly itemsLost: number;
  /** What was wrong, and what is lost by it: a sentence each, with the name of the file. */
  readonly problems: readonly string[];
  /** The ids of lost items, as far as they are known: 100 at most. */
  readonly ids: readonly string[];
  /** Segment files that were taken as they are. */
  readonly filesKept: number;
  /** Bytes that were written; a file that the file system can share takes none. */
  readonly bytesCopied: number;
}

/** What {@link LocalIndexBase.verify} found. */
export interface VerifyResult {
  readonly ok: boolean;
  readonly items: number;
  readonly problems: readonly string[];
}
