import { selectEngine } from './engine/select-browser.ts';
import { LocalIndexBase } from './local-index.ts';
import type { LocalIndexOptions } from './options.ts';
import type { Metadata } from './types.ts';

/**
 * A vector index in this page's memory. `folderPath` is only its name: two objects of the same name share one index,
 * which is gone when the page is.
 */
export class LocalIndex<TMetadata extends object = Metadata> extends LocalIndexBase<TMetadata> {
  /** @throws {QuiverError} `INVALID_ARGUMENT` */
  constructor(folderPath: string, options: LocalIndexOptions = {}) {
    super(selectEngine, folderPath, options);
  }
}

export type { Backend } from './engine/engine.ts';
export { type ErrorCode, type ErrorDetails, errorCodes, QuiverError } from './errors.ts';
export type { Items } from './item-input.ts';
export type { ItemStream } from './item-stream.ts';
export type {
  BuildOptions,
  CreateIndexConfig,
  InsertOptions,
  ListStreamOptions,
  LocalIndexOptions,
  OptimizeOptions,
  QueryManyOptions,
  QueryOptions,
  QueryStreamOptions,
  SnapshotOptions,
} from './options.ts';
export type { QueryStream } from './query-stream.ts';
export type {
  Durability,
  FieldOperators,
  Filter,
  FoundItem,
  IndexItem,
  IndexStats,
  ItemInput,
  ItemPatch,
  MemoryMetrics,
  Metadata,
  MetadataConfig,
  MetadataValue,
  Metric,
  PerformanceMetrics,
  Progress,
  QueryResult,
  SegmentStats,
  SnapshotResult,
  VectorInput,
  VerifyResult,
  WriteCounts,
  WriteResult,
} from './types.ts';
