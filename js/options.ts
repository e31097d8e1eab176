import { type ByteSize, parseByteSize } from './bytes.ts';
import type { Backend } from './engine/engine.ts';
import { expected, QuiverError } from './errors.ts';
import type { Filter } from './filter.ts';
import { nearest } from './nearest.ts';
import {
  type Durability,
  durabilities,
  type Metadata,
  type MetadataConfig,
  type Metric,
  metrics,
  type Progress,
  type Quantization,
  quantizations,
  type VectorInput,
} from './types.ts';

export const backends = ['native', 'wasm'] as const;

/** What an index is made with. On an existing index they must agree with it. */
export interface BuildOptions {
  /** The length of every vector, 1 to 65536. @default that of the first vector */
  readonly dimensions?: number;
  /** @default 'cosine' */
  readonly metric?: Metric;
  /** Neighbours a node of the graph keeps, 4 to 64: more find better and take more memory. @default 16 */
  readonly M?: number;
  /**
   * Candidates looked at when a node is added, 8 to 2000: more find better and build slower. `'auto'` takes 100, or 200
   * where a search among the first rows shows that they are hard to find; `getIndexStats()` tells. @default 'auto'
   */
  readonly efConstruction?: number | 'auto';
  /**
   * How vectors are shortened for searches, which then measure the best of them again exactly: `'sq8'` is a byte a
   * dimension, `'sq4'` half a byte, `'pq'` a byte for 4 to 8 dimensions, `'binary'` a bit a dimension and 8 bytes a vector, `'none'`
   * searches the float32 vectors themselves. `'pq'` and `'binary'` find less where many vectors are nearly
   * alike, and save time only where longer codes do not fit in memory. `'auto'` takes of the others what finds the neighbours of
   * a sample of each segment's rows; `getIndexStats()` tells what that was. @default 'auto'
   */
  readonly quantization?: Quantization;
}

export interface LocalIndexOptions extends BuildOptions {
  /** @default 'sync' */
  readonly durability?: Durability;
  /** Forces one engine; without it the addon is used where it loads, else WebAssembly. */
  readonly backend?: Backend;
  /** Rows that are gathered before a segment is built of them, at least 1. @default decided by the core */
  readonly sealThreshold?: number;
  /** Every write is refused with `READ_ONLY`; a folder without permission to write will do. @default false */
  readonly readOnly?: boolean;
  /**
   * Whether segments are mapped: then opening reads only headers, and pages come into memory by use. Without it they are
   * read into memory. WebAssembly has no mapping. @default true
   */
  readonly useMmap?: boolean;
  /** Segments of fewer rows are read into memory all the same, 0 to 4294967295. @default 0 */
  readonly mmapThreshold?: number;
  /**
   * Bytes, or a text like `'512MB'`: when more of the index than this is in memory, mapped segments are taken out of it, those
   * first that were not used for longest. Looked at four times a second; it slows down what has to be read again and refuses
   * nothing. No effect in WebAssembly, where all lies in the module's memory. @default no limit
   */
  readonly memoryLimit?: ByteSize;
  /**
   * Milliseconds in the core from which on a query is kept for `slowQueries()`; 0 keeps every one. Those of this object alone.
   * @default none is
   */
  readonly slowQueryMs?: number;
  /**
   * Bytes, or a text like `'100MB'`, of answers that are kept: a query that is asked again, with the same numbers and the
   * same options, is answered from there until something is written. Threads of a process that have the same index open
   * share them; what counts is the size that the first of them gave. @default 0: none are kept
   */
  readonly cacheSize?: ByteSize;
  /** Milliseconds after which an answer is not given again though nothing was written. @default no limit */
  readonly cacheTtlMs?: number;
}

export interface SnapshotOptions {
  /** The folder of an earlier snapshot on the target's disk: what it holds already is not copied again. */
  readonly base?: string;
}

export interface RepairOptions {
  /** Forces one engine, as with the constructor. */
  readonly backend?: Backend;
}

export interface ImportOptions {
  /** Called with the bytes of the archive that were read, and how many there are where that is known. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops; nothing is left of what was read. */
  readonly signal?: AbortSignal;
  /** Forces one engine, as with the constructor. */
  readonly backend?: Backend;
}

export interface DownloadOptions extends ImportOptions {
  /** Beside those that are sent anyway. */
  readonly headers?: Readonly<Record<string, string>>;
  /** As `fetch` has it. */
  readonly credentials?: 'omit' | 'same-origin' | 'include';
}

export interface CreateIndexConfig extends BuildOptions {
  /** Yours to number; comes back in `getIndexStats`. @default 1 */
  readonly version?: number;
  /** Removes an index that is there. @default false */
  readonly deleteIfExists?: boolean;
  readonly metadata_config?: MetadataConfig;
}

export interface InsertOptions {
  /**
   * Items in one transaction, at least 1. @default all of them for an array, 1000 for an iterable
   */
  readonly batchSize?: number;
  /** Called after each batch. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops before the next batch. Batches that are done stay. */
  readonly signal?: AbortSignal;
}

interface SearchOptions<TMetadata extends object> {
  readonly filter?: Filter<TMetadata> | null;
  /** Results with a lower score are left out. @default none are */
  readonly minScore?: number;
  /** @default false */
  readonly includeVectors?: boolean;
  readonly signal?: AbortSignal;
}

/** At most so many results that have the same value in a field. */
export interface GroupByOptions {
  /**
   * The path of a field, with dots into nested objects, as in filters. Values are the same as `$eq` has it, but arrays only
   * as a whole. Items without the field are one group with those where it is `null`.
   */
  readonly field: string;
  /** Results of one value, at least 1. @default 1 */
  readonly limit?: number;
}

/**
 * Maximal marginal relevance (Carbonell & Goldstein 1998): results are picked one after the other from the best candidates, each
 * time the one with the largest `lambda` · score − (1 − `lambda`) · (the largest score of it with a result picked before). The score
 * of two items is what `QueryResult.score` would be if one of them were the query: their cosine similarity, inner
 * product, or negated squared L2 distance. Of equal ones the better result is picked; the first is the best of all.
 */
export interface MmrOptions {
  /** From 0, where only how results differ counts, to 1, where only their score does. @default 0.5 */
  readonly lambda?: number;
  /** How many of the best are picked from, at least `topK`; the time it takes grows with `topK` · `candidates`. @default 4 · topK */
  readonly candidates?: number;
}

export interface QueryManyOptions<TMetadata extends object = Metadata>
  extends SearchOptions<TMetadata> {
  /** 1 to 4294967295. @default 10 */
  readonly topK?: number;
  /**
   * What share of the nearest items the search of a graph is to find, above 0 and up to 1: each segment knows from when its
   * graph was built how far it must look for that; of data whose queries differ from the items it may find somewhat less. Without graphs, and with `exact`, all are found. @default 0.99
   */
  readonly targetRecall?: number;
  /** Candidates the graph search keeps, whatever `targetRecall` says: more find better and take longer. */
  readonly ef?: number;
  /** Compares with every item and ignores the graphs. @default false */
  readonly exact?: boolean;
  /**
   * At most `limit` results of one value of a field, `topK` in all: the search goes on until there are as many or no item is
   * left, so where there are fewer values than that it looks at every item. Not together with `mmr`.
   */
  readonly groupBy?: GroupByOptions;
  /** Results that differ from each other, in the order in which they were picked. Not together with `groupBy`. */
  readonly mmr?: MmrOptions;
}

export interface QueryOptions<TMetadata extends object = Metadata>
  extends QueryManyOptions<TMetadata> {
  readonly vector: VectorInput;
  /** With `true` the promise is of the results and of how they were found. @default false */
  readonly explain?: false;
}

/** Those of `query` that is to be explained. */
export interface ExplainOptions<TMetadata extends object = Metadata>
  extends Omit<QueryOptions<TMetadata>, 'explain'> {
  readonly explain: true;
}

/** Those of `query` without `signal`, as nothing can abort what this thread is busy with, and without `explain`. */
export type QuerySyncOptions<TMetadata extends object = Metadata> = Omit<
  QueryOptions<TMetadata>,
  'signal' | 'explain'
>;

export interface WarmOptions {
  /** Stops before the next query. Answers that are there stay. */
  readonly signal?: AbortSignal;
}

export interface QueryStreamOptions<TMetadata extends object = Metadata>
  extends SearchOptions<TMetadata> {
  /** Results in one batch, at least 1. @default 100 */
  readonly batchSize?: number;
  /** @default all */
  readonly maxResults?: number;
  /**
   * What share of the nearest items each batch, with those before it, is to find, as in a query for as many; what was
   * not found in time comes later. @default 0.99
   */
  readonly targetRecall?: number;
  /** Strictly in order: compares with every item, again for each time as many results, and ignores the graphs. @default false */
  readonly exact?: boolean;
}

export interface ListStreamOptions<TMetadata extends object = Metadata> {
  readonly filter?: Filter<TMetadata> | null;
  /** As in `listItems`; without them a list is read much faster. @default true */
  readonly includeVectors?: boolean;
  /** Items in one batch, at least 1. @default 100 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface OptimizeOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the waiting; the work goes on in the background. */
  readonly signal?: AbortSignal;
}

export interface MetricsOptions {
  /** Beside `index`, the folder, or instead of it. Names are letters, digits and `_`. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Every default that does not depend on the call. */
export const defaults = {
  metric: 'cosine',
  M: 16,
  efConstruction: 'auto',
  quantization: 'auto',
  durability: 'sync',
  version: 1,
  topK: 10,
  /** 0 lets targetRecall decide. */
  ef: 0,
  targetRecall: 0.99,
  insertBatchSize: 1000,
  streamBatchSize: 100,
  groupLimit: 1,
  mmrLambda: 0.5,
  mmrCandidatesOfEach: 4,
} as const;

export const maxU32 = 0xffffffff;

export const buildKeys = ['dimensions', 'metric', 'M', 'efConstruction', 'quantization'] as const;
const searchKeys = ['filter', 'minScore', 'includeVectors'] as const;
const topKKeys = ['topK', 'ef', 'targetRecall', 'exact', 'groupBy', 'mmr'] as const;
const querySyncKeys = [...searchKeys, ...topKKeys, 'vector'] as const;
const queryManyKeys = [...searchKeys, ...topKKeys, 'signal'] as const;
const queryKeys = [...queryManyKeys, 'vector', 'explain'] as const;

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkIndexOptions(options: LocalIndexOptions): LocalIndexOptions {
  checkKeys('the options of LocalIndex', options, [
    ...buildKeys,
    'durability',
    'backend',
    'sealThreshold',
    'readOnly',
    'useMmap',
    'mmapThreshold',
    'memoryLimit',
    'slowQueryMs',
    'cacheSize',
    'cacheTtlMs',
  ]);
  checkBuild(options);
  oneOf('durability', options.durability, durabilities);
  oneOf('backend', options.backend, backends);
  whole('sealThreshold', options.sealThreshold, 1, maxU32);
  flag('readOnly', options.readOnly);
  flag('useMmap', options.useMmap);
  whole('mmapThreshold', options.mmapThreshold, 0, maxU32);
  milliseconds('slowQueryMs', options.slowQueryMs);
  byteSize('memoryLimit', options.memoryLimit);
  if (options.cacheSize !== 0) byteSize('cacheSize', options.cacheSize);
  milliseconds('cacheTtlMs', options.cacheTtlMs);
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkSnapshotOptions(options: SnapshotOptions): SnapshotOptions {
  checkKeys('the options of snapshot', options, ['base']);
  if (options.base !== undefined) checkFolder('base', options.base);
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkRepairOptions(options: RepairOptions): RepairOptions {
  checkKeys('the options of repair', options, ['backend']);
  oneOf('backend', options.backend, backends);
  return options;
}

const importKeys = ['onProgress', 'signal', 'backend'] as const;

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkImportOptions(options: ImportOptions): ImportOptions {
  checkKeys('the options of importArchive', options, importKeys);
  callback('onProgress', options.onProgress);
  oneOf('backend', options.backend, backends);
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkDownloadOptions(options: DownloadOptions): DownloadOptions {
  checkKeys('the options of fromUrl', options, [...importKeys, 'headers', 'credentials']);
  callback('onProgress', options.onProgress);
  oneOf('backend', options.backend, backends);
  oneOf('credentials', options.credentials, ['omit', 'same-origin', 'include']);
  const { headers } = options;
  if (headers !== undefined && (typeof headers !== 'object' || headers === null)) {
    throw expected('INVALID_ARGUMENT', 'an object of strings', 'headers', headers);
  }
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkFolder(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw expected('INVALID_ARGUMENT', 'a path', name, value);
  }
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkCreateConfig(config: CreateIndexConfig): CreateIndexConfig {
  checkKeys('the configuration of createIndex', config, [
    ...buildKeys,
    'version',
    'deleteIfExists',
    'metadata_config',
  ]);
  checkBuild(config);
  whole('version', config.version, 0, Number.MAX_SAFE_INTEGER);
  flag('deleteIfExists', config.deleteIfExists);
  if (config.metadata_config !== undefined) {
    checkKeys('metadata_config', config.metadata_config, ['indexed']);
    const { indexed } = config.metadata_config;
    if (
      indexed !== undefined &&
      !(Array.isArray(indexed) && indexed.every((name) => typeof name === 'string'))
    ) {
      throw expected(
        'INVALID_ARGUMENT',
        'an array of field names',
        'metadata_config.indexed',
        indexed,
      );
    }
  }
  return config;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkInsertOptions(options: InsertOptions): InsertOptions {
  checkKeys('the options', options, ['batchSize', 'onProgress', 'signal']);
  whole('batchSize', options.batchSize, 1, maxU32);
  callback('onProgress', options.onProgress);
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT`, `INVALID_TOP_K` */
export function checkQueryOptions<T extends object, O extends QueryOptions<T> | ExplainOptions<T>>(
  options: O,
): O {
  checkKeys('query', options, queryKeys);
  checkQueryValues(options);
  flag('explain', options.explain);
  if (options.explain === true && options.groupBy !== undefined) {
    throw new QuiverError('INVALID_ARGUMENT', 'A query with groupBy cannot be explained', {
      path: 'explain',
    });
  }
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT`, `INVALID_TOP_K` */
export function checkQuerySyncOptions<T extends object>(
  options: QuerySyncOptions<T>,
  name = 'the options of querySync',
): QuerySyncOptions<T> {
  checkKeys(name, options, querySyncKeys);
  checkQueryValues(options);
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT`, `INVALID_TOP_K` */
export function checkQueryManyOptions<T extends object>(
  options: QueryManyOptions<T>,
): QueryManyOptions<T> {
  checkKeys('the options of queryMany', options, queryManyKeys);
  checkQueryValues(options);
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkWarmOptions(options: WarmOptions): WarmOptions {
  checkKeys('the options of warm', options, ['signal']);
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkStreamOptions<T extends object>(
  options: QueryStreamOptions<T>,
): QueryStreamOptions<T> {
  checkKeys('the options of queryStream', options, [
    ...searchKeys,
    'signal',
    'batchSize',
    'maxResults',
    'targetRecall',
    'exact',
  ]);
  checkSearch(options);
  checkDepth(options);
  whole('batchSize', options.batchSize, 1, maxU32);
  whole('maxResults', options.maxResults, 1, maxU32);
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkListOptions<T extends object>(
  options: ListStreamOptions<T>,
): ListStreamOptions<T> {
  checkKeys('the options of listItemsStream', options, [
    'filter',
    'includeVectors',
    'batchSize',
    'signal',
  ]);
  flag('includeVectors', options.includeVectors);
  whole('batchSize', options.batchSize, 1, maxU32);
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkMetricsOptions(options: MetricsOptions): MetricsOptions {
  checkKeys('the options of metrics', options, ['labels']);
  const { labels } = options;
  if (
    labels !== undefined &&
    (typeof labels !== 'object' || labels === null || Array.isArray(labels))
  ) {
    throw expected('INVALID_ARGUMENT', 'an object of strings', 'labels', labels);
  }
  return options;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkOptimizeOptions(options: OptimizeOptions): OptimizeOptions {
  checkKeys('the options of optimize', options, ['onProgress', 'signal']);
  callback('onProgress', options.onProgress);
  return options;
}

function checkQueryValues<T extends object>(options: QueryManyOptions<T>): void {
  checkSearch(options);
  const { topK } = options;
  if (topK !== undefined && !isWhole(topK, 1, maxU32)) {
    throw expected('INVALID_TOP_K', `a whole number from 1 to ${maxU32}`, 'topK', topK);
  }
  whole('ef', options.ef, 1, maxU32);
  checkDepth(options);
  checkGroupBy(options.groupBy);
  checkMmr(options.mmr, topK ?? defaults.topK);
  if (options.groupBy !== undefined && options.mmr !== undefined) {
    throw new QuiverError('INVALID_ARGUMENT', 'Expected one of groupBy and mmr, got both', {
      path: 'mmr',
    });
  }
}

function checkGroupBy(groupBy: GroupByOptions | undefined): void {
  if (groupBy === undefined) return;
  checkKeys('groupBy', groupBy, ['field', 'limit']);
  if (typeof groupBy.field !== 'string' || groupBy.field === '') {
    throw expected('INVALID_ARGUMENT', 'the path of a field', 'groupBy.field', groupBy.field);
  }
  whole('groupBy.limit', groupBy.limit, 1, maxU32);
}

function checkMmr(mmr: MmrOptions | undefined, topK: number): void {
  if (mmr === undefined) return;
  checkKeys('mmr', mmr, ['lambda', 'candidates']);
  const { lambda, candidates } = mmr;
  if (lambda !== undefined && !(typeof lambda === 'number' && lambda >= 0 && lambda <= 1)) {
    throw expected('INVALID_ARGUMENT', 'a number from 0 to 1', 'mmr.lambda', lambda);
  }
  whole('mmr.candidates', candidates, topK, maxU32);
}

function checkDepth({
  targetRecall,
  exact,
}: {
  readonly targetRecall?: number | undefined;
  readonly exact?: boolean | undefined;
}): void {
  if (
    targetRecall !== undefined &&
    !(typeof targetRecall === 'number' && targetRecall > 0 && targetRecall <= 1)
  ) {
    throw expected(
      'INVALID_ARGUMENT',
      'a number above 0 and up to 1',
      'targetRecall',
      targetRecall,
    );
  }
  flag('exact', exact);
}

function checkSearch<T extends object>(options: SearchOptions<T>): void {
  const { minScore } = options;
  if (minScore !== undefined && (typeof minScore !== 'number' || Number.isNaN(minScore))) {
    throw expected('INVALID_ARGUMENT', 'a number', 'minScore', minScore);
  }
  flag('includeVectors', options.includeVectors);
}

function checkBuild(options: BuildOptions): void {
  whole('dimensions', options.dimensions, 1, 65536);
  oneOf('metric', options.metric, metrics);
  whole('M', options.M, 4, 64);
  if (
    options.efConstruction !== undefined &&
    options.efConstruction !== 'auto' &&
    !isWhole(options.efConstruction, 8, 2000)
  ) {
    throw expected(
      'INVALID_ARGUMENT',
      `'auto' or a whole number from 8 to 2000`,
      'efConstruction',
      options.efConstruction,
    );
  }
  oneOf('quantization', options.quantization, quantizations);
}

function isWhole(value: unknown, from: number, to: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to;
}

function whole(name: string, value: unknown, from: number, to: number): void {
  if (value !== undefined && !isWhole(value, from, to)) {
    throw expected('INVALID_ARGUMENT', `a whole number from ${from} to ${to}`, name, value);
  }
}

function byteSize(name: string, value: unknown): void {
  if (value !== undefined && parseByteSize(value) === undefined) {
    throw expected('INVALID_ARGUMENT', "a number of bytes or a text like '512MB'", name, value);
  }
}

/** Of no more than a year, as the core takes it. */
function milliseconds(name: string, value: unknown): void {
  const most = 365 * 24 * 3600 * 1000;
  if (value !== undefined && !(typeof value === 'number' && value >= 0 && value <= most)) {
    throw expected('INVALID_ARGUMENT', `milliseconds from 0 to ${most}`, name, value);
  }
}

function flag(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') {
    throw expected('INVALID_ARGUMENT', 'true or false', name, value);
  }
}

function callback(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw expected('INVALID_ARGUMENT', 'a function', name, value);
  }
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function oneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (value !== undefined && !(typeof value === 'string' && allowed.includes(value))) {
    throw expected(
      'INVALID_ARGUMENT',
      `one of ${allowed.map((one) => `'${one}'`).join(', ')}`,
      name,
      value,
    );
  }
}

function checkKeys(name: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw expected('INVALID_ARGUMENT', 'an object', name, options);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    throw new QuiverError('INVALID_ARGUMENT', `Unknown key '${key}' in ${name}: ${hint}`, {
      path: key,
    });
  }
}
