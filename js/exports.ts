// What every entry point offers beside its LocalIndex.

export type { ArchiveSource } from './archive/import.ts';
export type { Backend, StorageKind } from './engine/engine.ts';
export { type ErrorCode, type ErrorDetails, errorCodes, QuiverError } from './errors.ts';
export type {
  ExplainedResults,
  FilterPlan,
  PlanKind,
  QueryExplanation,
  SegmentPlan,
} from './explain.ts';
export type { FieldOperators, Filter } from './filter.ts';
export type { Items } from './item-input.ts';
export type { ItemStream } from './item-stream.ts';
export { type IndexMetrics, type MetricsSource, toPrometheus } from './metrics.ts';
export type {
  BuildOptions,
  CreateIndexConfig,
  DownloadOptions,
  ExplainOptions,
  GroupByOptions,
  ImportOptions,
  InsertOptions,
  ListStreamOptions,
  LocalIndexOptions,
  MetricsOptions,
  MmrOptions,
  OptimizeOptions,
  QueryManyOptions,
  QueryOptions,
  QueryStreamOptions,
  QuerySyncOptions,
  RepairOptions,
  SnapshotOptions,
  WarmOptions,
} from './options.ts';
export type { QueryStream } from './query-stream.ts';
export type { SlowQuery } from './slow-queries.ts';
export type {
  CacheMetrics,
  CodeStats,
  DiskMetrics,
  DiskUse,
  Durability,
  FoundItem,
  IndexItem,
  IndexStats,
  ItemInput,
  ItemPatch,
  LatencyBuckets,
  LatencyKind,
  LatencyMetrics,
  MemoryMetrics,
  Metadata,
  MetadataConfig,
  MetadataValue,
  Metric,
  MetricsData,
  PerformanceMetrics,
  Progress,
  Quantization,
  QueryResult,
  QueueMetrics,
  RepairResult,
  SegmentStats,
  SnapshotResult,
  ThroughputMetrics,
  VectorInput,
  VerifyResult,
  WriteCounts,
  WriteResult,
} from './types.ts';
