import { exportArchive } from './archive/export.ts';
import type { EngineLoader, LoadedEngine } from './engine/engine.ts';
import { expected, fromEngine, QuiverError } from './errors.ts';
import { type ExplainedResults, explainQuery } from './explain.ts';
import type { Filter } from './filter.ts';
import type { Items } from './item-input.ts';
import { checkIterable } from './item-input.ts';
import { ItemStream } from './item-stream.ts';
import { listPages } from './listing.ts';
import { untilIdle } from './maintenance.ts';
import { IndexMetrics } from './metrics.ts';
import { OpenIndex } from './open-index.ts';
import {
  type CreateIndexConfig,
  checkCreateConfig,
  checkFolder,
  checkIndexOptions,
  checkInsertOptions,
  checkListOptions,
  checkOptimizeOptions,
  checkQueryManyOptions,
  checkQueryOptions,
  checkQuerySyncOptions,
  checkSnapshotOptions,
  checkStreamOptions,
  checkWarmOptions,
  defaults,
  type ExplainOptions,
  type InsertOptions,
  type ListStreamOptions,
  type LocalIndexOptions,
  type OptimizeOptions,
  type QueryManyOptions,
  type QueryOptions,
  type QueryStreamOptions,
  type QuerySyncOptions,
  type SnapshotOptions,
  type WarmOptions,
} from './options.ts';
import { QueryStream } from './query-stream.ts';
import {
  queryRequest,
  searchMany,
  searchNow,
  searchOne,
  searchSync,
  streamRequest,
} from './search.ts';
import { readSlowQueries, type SlowQuery } from './slow-queries.ts';
import { indexStats, performanceMetrics, readStats } from './stats.ts';
import { memoryPrefix } from './storage/routed-fs.ts';
import type {
  IndexItem,
  IndexStats,
  ItemInput,
  ItemPatch,
  Metadata,
  PerformanceMetrics,
  QueryResult,
  SnapshotResult,
  VectorInput,
  VerifyResult,
  WriteCounts,
  WriteResult,
} from './types.ts';
import { warmCache } from './warm.ts';
import { packConfig } from './wire/config.ts';
import { packFilter } from './wire/filter.ts';
import { ValueReader } from './wire/msgpack-reader.ts';
import {
  copyQueryVectors,
  op,
  packGet,
  packList,
  packRestore,
  packSnapshot,
  packWords,
  type QueryVectors,
} from './wire/requests.ts';
import { readBlockNow, readMap, readSnapshotResult, readWord } from './wire/results.ts';
import { type Applied, Writer } from './writer.ts';

/**
 * A vector index in a folder. The entry points export it as `LocalIndex`, each with the engines it can load.
 *
 * Every method opens the index when it is not open yet and then rejects with `INDEX_NOT_FOUND` when there is none, or
 * `CORRUPT_FILE`. After `close` they reject with `CLOSED`.
 *
 * Any number of processes may have an index open. The first to write in it is the one that writes until it closes the
 * index: writes of the others reject with `LOCKED`. The others see what it has committed within 100 ms.
 */
export class LocalIndexBase<TMetadata extends object = Metadata> {
  readonly #load: EngineLoader;
  readonly #folder: string;
  readonly #options: LocalIndexOptions;
  readonly #writer: Writer = new Writer(() => this.#ready ?? this.#open());
  #loaded: Promise<LoadedEngine> | undefined;
  #opening: Promise<OpenIndex> | undefined;
  #ready: OpenIndex | undefined;
  #closed: Promise<void> | undefined;
  /** Reads of several requests, which closing waits for. */
  readonly #reading: Set<Promise<unknown>> = new Set();

  /** @internal */
  constructor(load: EngineLoader, folderPath: string, options: LocalIndexOptions) {
    checkFolder('folderPath', folderPath);
    this.#load = load;
    this.#folder = folderPath;
    this.#options = { ...checkIndexOptions(options) };
    if (options.backend === 'native' && folderPath.startsWith(memoryPrefix)) {
      throw new QuiverError(
        'INVALID_ARGUMENT',
        `The native backend keeps no index in memory, got the folder ${folderPath}`,
      );
    }
  }

  get folderPath(): string {
    return this.#folder;
  }

  /**
   * Makes an empty index. What the configuration leaves out comes from the constructor's options.
   *
   * @throws {QuiverError} `INDEX_EXISTS` unless `deleteIfExists`; `INVALID_ARGUMENT`
   */
  async createIndex(config: CreateIndexConfig = {}): Promise<void> {
    const {
      version = defaults.version,
      metadata_config = {},
      deleteIfExists = false,
    } = checkCreateConfig(config);
    const { indexed = [] } = metadata_config;
    const build = { ...this.#options, ...withoutUndefined(config) };
    const packed = packConfig(
      {
        dimensions: build.dimensions ?? 0,
        metric: build.metric ?? defaults.metric,
        M: build.M ?? defaults.M,
        efConstruction: numberUnlessAuto(build.efConstruction ?? defaults.efConstruction),
        quantization: build.quantization ?? defaults.quantization,
        ...(indexed.length > 0 ? { indexed } : {}),
      },
      { version, metadata_config },
    );
    this.#checkWritable();
    const { engine } = await this.#engine();
    if (await this.isIndexCreated()) {
      if (!deleteIfExists) throw fromEngine({ code: 'INDEX_EXISTS' }, { folder: this.#folder });
      await this.deleteIndex();
    }
    await this.#translated(() => engine.create(this.#folder, packed));
  }

  async isIndexCreated(): Promise<boolean> {
    const { engine } = await this.#engine();
    return this.#translated(() => engine.exists(this.#folder));
  }

  /**
   * Removes the index's files, and the folder if nothing else is in it.
   *
   * @throws {QuiverError} `INDEX_NOT_FOUND`
   */
  async deleteIndex(): Promise<void> {
    this.#checkWritable();
    const { engine } = await this.#engine();
    await this.#release();
    await this.#translated(() => engine.destroy(this.#folder));
  }

  /**
   * Adds an item. It is durable (see `durability`) and seen by queries when this resolves.
   *
   * @throws {QuiverError} `ITEM_EXISTS`, `INVALID_VECTOR`, `DIMENSION_MISMATCH`, `INVALID_ID`, `INVALID_METADATA`
   */
  async insertItem(item: ItemInput<TMetadata>): Promise<IndexItem<TMetadata>> {
    return storedItems(
      [item],
      await this.#writer.apply('insert', [item], { wantsVectors: true }),
    )[0] as IndexItem<TMetadata>;
  }

  /**
   * Adds items. An array is one transaction: all of it or nothing. With `batchSize`, and for iterables, each batch is
   * one; the next is only asked for when the last is written.
   *
   * @throws {QuiverError} as `insertItem`, with the position in `details.item`
   */
  async insertItems(
    items: Items<ItemInput<TMetadata>>,
    options: InsertOptions = {},
  ): Promise<WriteResult> {
    return this.#writer.applyAll('insert', items, checkInsertOptions(options));
  }

  /** Adds items in one transaction and returns them, as Vectra does. */
  async batchInsertItems(items: readonly ItemInput<TMetadata>[]): Promise<IndexItem<TMetadata>[]> {
    if (!Array.isArray(items)) throw expected('INVALID_ARGUMENT', 'an array', 'items', items);
    return storedItems(items, await this.#writer.apply('insert', items, { wantsVectors: true }));
  }

  /** Adds an item, or replaces the one of the same id. */
  async upsertItem(item: ItemInput<TMetadata>): Promise<IndexItem<TMetadata>> {
    return storedItems(
      [item],
      await this.#writer.apply('upsert', [item], { wantsVectors: true }),
    )[0] as IndexItem<TMetadata>;
  }

  /** Adds items or replaces those of the same ids; transactions as with `insertItems`. */
  async upsertItems(
    items: Items<ItemInput<TMetadata>>,
    options: InsertOptions = {},
  ): Promise<WriteResult> {
    return this.#writer.applyAll('upsert', items, checkInsertOptions(options));
  }

  /**
   * Changes items that are there; transactions as with `insertItems`.
   *
   * @throws {QuiverError} `ITEM_NOT_FOUND`
   */
  async updateItems(
    patches: Items<ItemPatch<TMetadata>>,
    options: InsertOptions = {},
  ): Promise<WriteResult> {
    return this.#writer.applyAll('update', patches, checkInsertOptions(options));
  }

  /** Removes an item. It is no error when there is none. */
  async deleteItem(id: string): Promise<void> {
    await this.#writer.apply('delete', [id]);
  }

  /** Removes items in one transaction. Returns how many were there (0 in an open update). */
  async deleteItems(ids: Iterable<string>): Promise<number> {
    const { deleted } = await this.#writer.applyAll('delete', [...checkIterable(ids)], {});
    return deleted;
  }

  /** Removes the items that match when it is called, in one transaction. Returns how many (0 in an open update). */
  async deleteItemsByMetadata(filter: Filter<TMetadata>): Promise<number> {
    const packed = packFilter(filter);
    const ids: string[] = [];
    for await (const page of listPages(await this.#open(), packed, false))
      for (const { id } of page) ids.push(id);
    return this.deleteItems(ids);
  }

  /**
   * Gathers the writes that follow, of this object, until `endUpdate` does them at once or `cancelUpdate` drops them.
   * Until then they are not seen by reads.
   *
   * @throws {QuiverError} `UPDATE_IN_PROGRESS`
   */
  async beginUpdate(): Promise<void> {
    await this.#writer.begin();
  }

  /**
   * Does what the update gathered, all of it or, when it fails, nothing; the update is over either way.
   *
   * @throws {QuiverError} `NO_UPDATE_IN_PROGRESS`
   */
  async endUpdate(): Promise<WriteCounts> {
    return this.#writer.commit();
  }

  /** @throws {QuiverError} `NO_UPDATE_IN_PROGRESS` */
  async cancelUpdate(): Promise<void> {
    await this.#writer.cancel();
  }

  /** The item of that id, or undefined. */
  async getItem(id: string): Promise<IndexItem<TMetadata> | undefined> {
    const request = packGet([id], true);
    const response = await (await this.#open()).read(request);
    const { results } = readBlockNow<TMetadata>(new ValueReader(response), 0);
    return results[0]?.item as IndexItem<TMetadata> | undefined;
  }

  /** All items in insertion order. */
  async listItems(): Promise<IndexItem<TMetadata>[]> {
    return this.#during(this.#list(packFilter(undefined)));
  }

  /**
   * The items that match, in insertion order.
   *
   * @throws {QuiverError} `INVALID_FILTER`
   */
  async listItemsByMetadata(filter: Filter<TMetadata>): Promise<IndexItem<TMetadata>[]> {
    return this.#during(this.#list(packFilter(filter)));
  }

  /**
   * The items that match, in insertion order, in batches that are read as they are asked for: for lists that need not
   * fit in memory. All batches come from one picture of the index.
   *
   * @example
   * for await (const batch of index.listItemsStream({ filter: { year: 1999 }, batchSize: 1000 })) {
   *   for (const { id, vector } of batch) console.log(id, vector);
   * }
   * @throws {QuiverError} `INVALID_FILTER`, `INVALID_ARGUMENT` at once
   */
  listItemsStream(options: ListStreamOptions<TMetadata> = {}): ItemStream<TMetadata> {
    const {
      filter,
      includeVectors = true,
      batchSize = defaults.streamBatchSize,
      signal,
    } = checkListOptions(options);
    const request = packList(packFilter(filter), includeVectors);
    const open = async (): Promise<{ index: OpenIndex; request: Uint8Array }> => ({
      index: await this.#open(),
      request,
    });
    return new ItemStream({ open, batchSize, signal });
  }

  /**
   * The nearest items, in Vectra's form. `query` is a text that only keyword search would use.
   *
   * @throws {QuiverError} as `query`
   */
  async queryItems(
    vector: VectorInput,
    query: string,
    topK: number,
    filter?: Filter<TMetadata> | null,
  ): Promise<QueryResult<TMetadata>[]> {
    if (typeof query !== 'string') throw expected('INVALID_ARGUMENT', 'a string', 'query', query);
    return this.query({ vector, topK, filter: filter ?? null });
  }

  /**
   * The nearest items, best first; those of equal score by id. Fewer than `topK` when there are not as many. With
   * `explain: true` also what was done to find them, as data and as text.
   *
   * @example
   * const { results, explanation } = await index.query({ vector, filter: { year: 1999 }, explain: true });
   * console.log(explanation.text);
   * @throws {QuiverError} `INVALID_VECTOR`, `DIMENSION_MISMATCH`, `INVALID_TOP_K`, `INVALID_FILTER`, `INVALID_ARGUMENT`
   */
  async query(options: ExplainOptions<TMetadata>): Promise<ExplainedResults<TMetadata>>;
  async query(options: QueryOptions<TMetadata>): Promise<QueryResult<TMetadata>[]>;
  async query(
    options: QueryOptions<TMetadata> | ExplainOptions<TMetadata>,
  ): Promise<QueryResult<TMetadata>[] | ExplainedResults<TMetadata>> {
    const { vector, signal } = checkQueryOptions<
      TMetadata,
      QueryOptions<TMetadata> | ExplainOptions<TMetadata>
    >(options);
    signal?.throwIfAborted();
    const request = queryRequest(options);
    if (options.explain === true) {
      return this.#during(
        this.#search([vector], (index, copied) =>
          explainQuery<TMetadata>(index, request, copied, signal),
        ),
      );
    }
    if (this.#ready !== undefined) {
      const found = searchNow<TMetadata>(this.#ready, request, vector);
      if (found !== undefined) return found;
    }
    return this.#during(
      this.#search([vector], (index, copied) =>
        searchOne<TMetadata>(index, request, copied, signal),
      ),
    );
  }

  /**
   * As `query`, on the calling thread: for small indexes, scripts and benchmarks. Nothing else runs meanwhile. The index
   * must be open: any awaited call before this one opens it, such as `open()`. There is no `signal`.
   *
   * @throws {QuiverError} as `query`; `NOT_OPEN`
   */
  querySync(options: QuerySyncOptions<TMetadata>): QueryResult<TMetadata>[] {
    const { vector } = checkQuerySyncOptions(options);
    this.#throwIfClosed();
    const request = queryRequest(options);
    const index = this.#ready;
    if (index === undefined) {
      throw new QuiverError(
        'NOT_OPEN',
        `The index in ${this.#folder} is not open yet: await open() first`,
        { folder: this.#folder },
      );
    }
    return searchSync<TMetadata>(index, request, vector);
  }

  /** The results of many queries, in the order of the vectors. Faster than as many calls of `query`. */
  async queryMany(
    vectors: readonly VectorInput[],
    options: QueryManyOptions<TMetadata> = {},
  ): Promise<QueryResult<TMetadata>[][]> {
    if (!Array.isArray(vectors))
      throw expected('INVALID_ARGUMENT', 'an array of vectors', 'vectors', vectors);
    const { signal } = checkQueryManyOptions(options);
    signal?.throwIfAborted();
    const request = queryRequest(options);
    return this.#during(
      this.#search(vectors, (index, copied) =>
        searchMany<TMetadata>(index, request, copied, vectors.length, signal),
      ),
    );
  }

  /**
   * Has queries answered that are likely to be asked, so that their answers are kept (see `cacheSize`) and what they read
   * is in memory. Resolves when all are.
   *
   * @throws {QuiverError} as `query`, with the position of the query in `details.item` where the core refuses it
   */
  async warm(
    queries: Iterable<QuerySyncOptions<TMetadata>>,
    options: WarmOptions = {},
  ): Promise<void> {
    const { signal } = checkWarmOptions(options);
    const packed = [...checkIterable(queries)].map((query) => ({
      vector: copyQueryVectors([checkQuerySyncOptions(query, 'a query of warm').vector]),
      request: queryRequest(query),
    }));
    signal?.throwIfAborted();
    await this.#during(this.#open().then((index) => warmCache(index, packed, signal)));
  }

  /**
   * All items, best first, in batches that are searched for as they are asked for: the first one takes what a query for as
   * many takes, and each goes on from where the one before it ended. Within a batch the order is strict. A result that
   * the search of a graph finds only after farther ones were handed out is the first of a later batch, so a batch can
   * begin with a better score than the one before it ended with; no result is lost and none comes twice. With `exact` the
   * order is strict from the first to the last.
   *
   * @example
   * for await (const batch of index.queryStream(vector, { batchSize: 100, minScore: 0.5 })) {
   *   for (const { item, score } of batch) console.log(item.id, score);
   * }
   * @throws {QuiverError} as `query`; `INVALID_ARGUMENT` at once
   */
  queryStream(
    vector: VectorInput,
    options: QueryStreamOptions<TMetadata> = {},
  ): QueryStream<TMetadata> {
    const { batchSize = defaults.streamBatchSize, signal } = checkStreamOptions(options);
    const vectors = copyQueryVectors([vector]);
    const request = streamRequest(options, vectors);
    const open = async (): Promise<{ index: OpenIndex; request: Uint8Array }> => {
      const index = await this.#open();
      index.checkQuery(vectors.dimensions);
      return { index, request };
    };
    return new QueryStream({ open, batchSize, signal });
  }

  /**
   * Opens the index, which otherwise the first call does that needs it. Nothing is written and no lock taken.
   *
   * @throws {QuiverError} `INDEX_NOT_FOUND`, `CORRUPT_FILE`, `UNSUPPORTED_FORMAT`; `INVALID_ARGUMENT` when it was made with other
   * options
   */
  async open(): Promise<void> {
    await this.#open();
  }

  async getIndexStats(): Promise<IndexStats> {
    const index = await this.#open();
    return indexStats(index, await readStats(index));
  }

  /** The same and more for programs, for Prometheus and for people. */
  get metrics(): IndexMetrics {
    return new IndexMetrics(this.#folder, () => this.#open());
  }

  async getPerformanceMetrics(): Promise<PerformanceMetrics> {
    const index = await this.#open();
    return performanceMetrics(index, await readStats(index));
  }

  /** The newest queries of this object that took at least `slowQueryMs`, 100 at most, the newest first. */
  async slowQueries(): Promise<SlowQuery<TMetadata>[]> {
    return readSlowQueries<TMetadata>(await this.#open());
  }

  /** Does now what otherwise happens in the background: seals and merges segments and builds their graphs. */
  async optimize(options: OptimizeOptions = {}): Promise<void> {
    checkOptimizeOptions(options).signal?.throwIfAborted();
    const index = await this.#open();
    await index.write(packWords(op.optimize));
    await untilIdle(index, options);
  }

  /**
   * Writes the index as it is now to another folder, as an index of its own that can be opened, copied or kept. Reads and
   * writes go on meanwhile. Where the file system has hard links, segments take neither time nor space.
   *
   * @throws {QuiverError} `INDEX_EXISTS` when the folder holds an index, `NO_SPACE`, `PERMISSION_DENIED`
   */
  async snapshot(folderPath: string, options: SnapshotOptions = {}): Promise<SnapshotResult> {
    checkFolder('folderPath', folderPath);
    const { base = '' } = checkSnapshotOptions(options);
    const index = await this.#open();
    const response = await index.read(packSnapshot(folderPath, base), { folder: folderPath });
    return readSnapshotResult(response);
  }

  /**
   * Makes this index what the snapshot in another folder is, all at once and durably; when it fails, or is cut short, the
   * index is as it was. Iterations that have begun go on over what they began with, and other processes that have the
   * index open follow. `version` and `metadata_config` stay.
   *
   * @throws {QuiverError} `INDEX_NOT_FOUND` when the folder holds no index; `INVALID_ARGUMENT` and `DIMENSION_MISMATCH`
   * when its metric or its dimensions are not those of this one; `LOCKED`, `READ_ONLY`, `NO_SPACE`
   */
  async restore(folderPath: string): Promise<SnapshotResult> {
    checkFolder('folderPath', folderPath);
    const request = packRestore(folderPath);
    return readSnapshotResult(await this.#writer.request(request, { folder: folderPath }));
  }

  /**
   * The index as it is when the stream is first read from, as one file: a tar (ustar) of the files that a folder on disk
   * has, so `tar -xf` makes the folder that `LocalIndex` opens, and `LocalIndex.importArchive` an index anywhere. Meanwhile it
   * takes as much room again as the index has, but for hard links. Cancel the stream to leave early.
   *
   * @example
   * await pipeline(index.exportArchive(), createWriteStream('films.tar'));
   */
  exportArchive(): ReadableStream<Uint8Array> {
    this.#throwIfClosed();
    return exportArchive(this.#folder, () => this.#open());
  }

  /** The same as a Blob, which browsers can give as a download. */
  exportBlob(): Promise<Blob> {
    const headers = { 'content-type': 'application/x-tar' };
    const stream = this.exportArchive() as ReadableStream<Uint8Array<ArrayBuffer>>;
    return this.#during(new Response(stream, { headers }).blob());
  }

  /** Reads every file of the index and checks what it holds against its checksums. */
  async verify(): Promise<VerifyResult> {
    const index = await this.#open();
    return readMap(await index.read(packWords(op.verify))) as unknown as VerifyResult;
  }

  /**
   * Looks at once for what another process has committed, which is otherwise seen within 100 ms. Resolves to whether
   * there was anything new.
   *
   * @throws {QuiverError} `INDEX_NOT_FOUND` when the index was deleted, even if another one is in its place now
   */
  async refresh(): Promise<boolean> {
    const index = await this.#open();
    return readWord(await index.read(packWords(op.refresh)), 0) === 1;
  }

  /** Waits for the calls made before, drops an open update, and releases the folder. Closing twice is no error. */
  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Of writes that no session makes. */
  #checkWritable(): void {
    if (this.#options.readOnly !== true) return;
    throw new QuiverError('READ_ONLY', 'The index was opened for reading only (readOnly)', {
      folder: this.#folder,
    });
  }

  async #list(filter: Uint8Array): Promise<IndexItem<TMetadata>[]> {
    const items: IndexItem<TMetadata>[] = [];
    for await (const page of listPages<TMetadata>(await this.#open(), filter, true)) {
      for (const item of page) items.push(item as IndexItem<TMetadata>);
    }
    return items;
  }

  async #search<T>(
    vectors: readonly unknown[],
    search: (index: OpenIndex, copied: QueryVectors) => Promise<T>,
  ): Promise<T> {
    const copied = copyQueryVectors(vectors);
    const index = this.#ready ?? (await this.#open());
    if (vectors.length > 0) index.checkQuery(copied.dimensions);
    return search(index, copied);
  }

  #engine(): Promise<LoadedEngine> {
    this.#throwIfClosed();
    const backend =
      this.#options.backend ?? (this.#folder.startsWith(memoryPrefix) ? 'wasm' : undefined);
    this.#loaded ??= this.#load(backend).catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  /** Concurrent first calls share one opening; one that failed is tried again by the next call. */
  async #open(): Promise<OpenIndex> {
    this.#throwIfClosed();
    if (this.#opening === undefined) {
      const opening = this.#engine().then((loaded) =>
        OpenIndex.open(loaded, this.#folder, this.#options),
      );
      this.#opening = opening;
      opening.then(
        (index) => {
          if (this.#opening === opening) this.#ready = index;
        },
        () => {
          if (this.#opening === opening) this.#opening = undefined;
        },
      );
    }
    return this.#opening;
  }

  /** Closes the session, if there is one, after the calls made before. */
  async #release(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#ready = undefined;
    // An index that could not be opened has nothing to close, and its callers were told.
    const index = await opening?.catch(() => undefined);
    await Promise.allSettled([this.#writer.settled(), ...this.#reading]);
    this.#writer.forget();
    await index?.close();
  }

  async #during<T>(reading: Promise<T>): Promise<T> {
    this.#reading.add(reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(reading);
    }
  }

  async #translated<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw fromEngine(error, { folder: this.#folder });
    }
  }

  #throwIfClosed(): void {
    if (this.#closed !== undefined) {
      throw new QuiverError('CLOSED', `The index in ${this.#folder} is closed`, {
        folder: this.#folder,
      });
    }
  }
}

/** The items as the index now has them: float32, with ids and norms. */
function storedItems<T extends object>(
  items: readonly ItemInput<T>[],
  { batch, vectors }: Applied,
): IndexItem<T>[] {
  return items.map((item, i) => {
    const vector = vectors[i] as Float32Array;
    let sum = 0;
    for (const value of vector) sum += value * value;
    return {
      id: batch.ids[i] as string,
      metadata: item.metadata ?? ({} as T),
      vector,
      norm: Math.sqrt(sum),
    };
  });
}

/** As the core takes it. */
function numberUnlessAuto(value: number | 'auto'): number | null {
  return value === 'auto' ? null : value;
}

/** A key that is there but undefined must not hide the constructor's option. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}
