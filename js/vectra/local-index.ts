import { type Bm25Engine, defaultBm25, keywordResults } from './bm25.ts';
import type { IndexCodec } from './codec/index-codec.ts';
import { JsonCodec } from './codec/json-codec.ts';
import { ItemSelector } from './item-selector.ts';
import type { Entry } from './items/entry.ts';
import { nearest, type Scored } from './items/nearest.ts';
import { Transaction } from './items/transaction.ts';
import { LocalDocument } from './local-document.ts';
import { isFileName, pathUtils } from './path-utils.ts';
import { Queue } from './queue.ts';
import type { Companion, Contents, Store } from './saving/store.ts';
import { WholeFileStore } from './saving/whole-file-store.ts';
import type { FileStorage } from './storage/file-storage.ts';
import { FileStorageUtilities } from './storage/file-storage-utilities.ts';
import { defaultStorage, storeInPlace } from './stores.ts';
import type {
  CreateIndexConfig,
  IndexItem,
  IndexStats,
  MetadataFilter,
  MetadataTypes,
  QueryResult,
} from './types.ts';

export interface LocalIndexOptions {
  /** Makes what ranks texts for queries with `isBm25`; without it that is the package wink-bm25-text-search. */
  // biome-ignore lint/suspicious/noExplicitAny: Vectra's type, which callers' engines were written for
  bm25Factory?: () => any;
  /** A document's text; without it that of its file in the index's folder. */
  docReader?: (docId: string) => Promise<string>;
}

/** A change that is made to the newest state of the index when it is committed. When it throws it has changed nothing. */
type Change<T> = (transaction: Transaction) => T;

interface Update {
  /** As the caller sees it: what was there when it began, with its changes. */
  readonly preview: Transaction;
  /** Its changes are made in the order in which they were asked for. */
  readonly order: Queue;
  readonly changes: Change<unknown>[];
  /** Files of metadata that its items have. */
  readonly metadataFiles: string[];
  /** Whether a method of this library began it, which marks what belongs to it. */
  readonly isInternal: boolean;
}

/** A change outside of an update, with its caller. */
interface Waiting {
  readonly change: Promise<Change<unknown>>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Vectra's index: a folder with one file of items. The API is Vectra's; what it does where Vectra loses data is in
 * docs/vectra.md.
 */
export class LocalIndex<
  TMetadata extends Record<string, MetadataTypes> = Record<string, MetadataTypes>,
> {
  readonly #folderPath: string;
  readonly #indexName: string;
  readonly #storage: FileStorage;
  readonly #codec: IndexCodec;
  readonly #store: Store;
  readonly #bm25Factory: () => Bm25Engine;
  readonly #readDocument: (docId: string) => Promise<string>;
  /** One thing at a time is done to the files. */
  readonly #saves = new Queue();
  #waiting: Waiting[] = [];
  /** Metadata of items that filters looked into, by the name of their file. */
  readonly #metadataRead = new Map<string, Record<string, MetadataTypes>>();
  #update: Update | undefined;
  /** What this library gives its own methods while it holds an update. */
  readonly #ownArguments = new WeakSet<object>();

  /**
   * @param indexName the file's name; `index` and the codec's extension without it
   * @param storage where files are kept; this machine's file system without it
   * @param codec how they are written; as JSON without it
   */
  constructor(
    folderPath: string,
    indexName?: string,
    storage?: FileStorage,
    codec?: IndexCodec,
    options: LocalIndexOptions = {},
  ) {
    this.#folderPath = folderPath;
    this.#codec = codec ?? new JsonCodec();
    this.#indexName = indexName || `index${this.#codec.extension}`;
    this.#storage = storage ?? defaultStorage();
    const path = this.#pathOf(this.#indexName);
    this.#store =
      storeInPlace(this.#storage, path, this.#codec) ??
      new WholeFileStore(this.#storage, path, this.#codec);
    this.#bm25Factory = options.bm25Factory ?? defaultBm25;
    this.#readDocument =
      options.docReader ?? ((id) => new LocalDocument(this.asDocuments(), id, '').loadText());
  }

  get folderPath(): string {
    return this.#folderPath;
  }

  get indexName(): string {
    return this.#indexName;
  }

  get storage(): FileStorage {
    return this.#storage;
  }

  get codec(): IndexCodec {
    return this.#codec;
  }

  /**
   * Begins an update: changes are gathered until {@link endUpdate} makes them, all or none. Reads do not see them before.
   *
   * @throws `Update already in progress`
   */
  async beginUpdate(): Promise<void> {
    await this.openUpdate(false);
  }

  /** Ends the update without its changes. */
  cancelUpdate(): void {
    const update = this.#update;
    this.#update = undefined;
    if (update) void this.#deleteMetadata(update.metadataFiles);
  }

  /**
   * Makes the update's changes. When that fails the update stays open.
   *
   * @throws `No update in progress`, `Error saving index: …`
   */
  async endUpdate(): Promise<void> {
    const update = this.#update;
    if (update === undefined) throw new Error('No update in progress');
    await update.order.run(async () => undefined);
    await this.#saves.run(async () => {
      try {
        await this.#save((transaction) => {
          for (const change of update.changes) change(transaction);
          return this.filesToSave();
        });
      } catch (error) {
        throw new Error(`Error saving index: ${String(error)}`, { cause: error });
      }
    });
    if (this.#update === update) this.#update = undefined;
  }

  /** @throws `Index already exists`, `Error creating index` */
  async createIndex(config: CreateIndexConfig = { version: 1 }): Promise<void> {
    if (await this.isIndexCreated()) {
      if (!config.deleteIfExists) throw new Error('Index already exists');
      await this.deleteIndex();
    }
    await this.#saves.run(async () => {
      this.#store.forget();
      const path = this.#pathOf(this.#indexName);
      try {
        await this.#storage.createFolder(this.#folderPath);
        await this.#storage.upsertFile(
          path,
          this.#codec.serializeIndex({
            version: config.version,
            metadata_config: config.metadata_config ?? {},
            items: [],
          }),
        );
      } catch (cause) {
        // Not the folder, as Vectra does: it may have been there, with files of others.
        await FileStorageUtilities.tryDeleteFile(this.#storage, path);
        throw new Error('Error creating index', { cause });
      }
    });
  }

  /** Deletes the folder. */
  async deleteIndex(): Promise<void> {
    await this.#saves.run(async () => {
      this.#store.forget();
      await this.#storage.deleteFolder(this.#folderPath);
    });
  }

  async isIndexCreated(): Promise<boolean> {
    return await this.#storage.pathExists(this.#pathOf(this.#indexName));
  }

  /** @throws `Index does not exist` */
  async getIndexStats(): Promise<IndexStats> {
    const { version, metadata_config, table } = await this.#contents();
    return { version, metadata_config, items: table.entries.length };
  }

  async getItem<TItemMetadata extends TMetadata = TMetadata>(
    id: string,
  ): Promise<IndexItem<TItemMetadata> | undefined> {
    const { table } = await this.#contents();
    return table.get(id)?.item as IndexItem<TItemMetadata> | undefined;
  }

  /** All items, in the order of their insertion. */
  async listItems<TItemMetadata extends TMetadata = TMetadata>(): Promise<
    IndexItem<TItemMetadata>[]
  > {
    const { table } = await this.#contents();
    return table.entries.map(({ item }) => item as IndexItem<TItemMetadata>);
  }

  async listItemsByMetadata<TItemMetadata extends TMetadata = TMetadata>(
    filter: MetadataFilter,
  ): Promise<IndexItem<TItemMetadata>[]> {
    const contents = await this.#contents();
    const matching = (await this.#matching(contents, filter)) ?? contents.table.entries;
    return matching.map(({ item }) => item as IndexItem<TItemMetadata>);
  }

  /**
   * Adds an item; one without an id gets one. It is on the disk when this resolves, unless an update is open.
   *
   * @throws `Vector is required`, `Item with id … already exists`
   */
  async insertItem<TItemMetadata extends TMetadata = TMetadata>(
    item: Partial<IndexItem<TItemMetadata>>,
  ): Promise<IndexItem<TItemMetadata>> {
    const [added] = await this.#put([item as Partial<IndexItem>], 'insert', this.#updateOf(item));
    return added as IndexItem<TItemMetadata>;
  }

  /** Adds an item, or replaces the one that has its id. */
  async upsertItem<TItemMetadata extends TMetadata = TMetadata>(
    item: Partial<IndexItem<TItemMetadata>>,
  ): Promise<IndexItem<TItemMetadata>> {
    const [added] = await this.#put([item as Partial<IndexItem>], 'upsert', this.#updateOf(item));
    return added as IndexItem<TItemMetadata>;
  }

  /**
   * Adds items, all or none.
   *
   * @throws `Update already in progress` while one is open
   */
  async batchInsertItems<TItemMetadata extends TMetadata = TMetadata>(
    items: Partial<IndexItem<TItemMetadata>>[],
  ): Promise<IndexItem[]> {
    if (this.#updateOf(items)) throw new Error('Update already in progress');
    return await this.#put(items as Partial<IndexItem>[], 'insert', undefined);
  }

  /** Deletes an item; nothing where there is none. */
  async deleteItem(id: string): Promise<void> {
    await this.#change(
      this.#updateOf(undefined),
      Promise.resolve((transaction) => transaction.delete(id)),
    );
  }

  /** Deletes items; ids that there are not are passed over. */
  async deleteItems(ids: Iterable<string>): Promise<void> {
    const gone = [...ids];
    if (gone.length === 0) return;
    const change = (transaction: Transaction): void => {
      for (const id of gone) transaction.delete(id);
    };
    await this.#change(this.#updateOf(ids), Promise.resolve(change));
  }

  /**
   * The `topK` items of those that match `filter` whose vectors have the best cosine with `vector`, best first.
   *
   * @param query the words for `isBm25`
   * @param isBm25 also ranks, by those words, chunks of documents that the vectors did not find, and appends the best `topK`
   * with `isBm25: true` in their metadata and scores of another scale
   */
  async queryItems<TItemMetadata extends TMetadata = TMetadata>(
    vector: number[],
    query: string,
    topK: number,
    filter?: MetadataFilter,
    isBm25?: boolean,
  ): Promise<QueryResult<TItemMetadata>[]> {
    const contents = await this.#contents();
    const { table } = contents;
    const matching = filter && (await this.#matching(contents, filter));
    const items = isBm25 ? (matching ?? table.entries).map(({ item }) => item) : [];
    const best = nearest(table, plain(vector), topK, matching);
    const results = await Promise.all(best.map((scored) => this.#resultOf(scored)));
    if (isBm25) {
      const found = new Set(results.map(({ item }) => item.id));
      results.push(
        ...(await keywordResults(
          this.#bm25Factory(),
          items,
          found,
          query,
          topK,
          this.#readDocument,
        )),
      );
    }
    return results as QueryResult<TItemMetadata>[];
  }

  /** Reads the index where it was not read yet, or has changed. */
  protected async loadIndexData(): Promise<void> {
    await this.#store.contents();
  }

  /** Opens an update; `isInternal` for a method that marks what belongs to it by {@link own}. */
  protected async openUpdate(isInternal: boolean): Promise<void> {
    if (this.#update) throw new Error('Update already in progress');
    const { table } = await this.#contents();
    // Another may have begun one meanwhile.
    if (this.#update) throw new Error('Update already in progress');
    const preview = new Transaction(table);
    this.#update = { preview, order: new Queue(), changes: [], metadataFiles: [], isInternal };
  }

  /** Marks an argument of a method as part of the open update. */
  protected own<T extends object>(argument: T): T {
    this.#ownArguments.add(argument);
    return argument;
  }

  /** What is saved together with an update's changes, where {@link savesTogether}. */
  protected async filesToSave(): Promise<readonly Companion[]> {
    return [];
  }

  /** Whether files can be saved together with the index, both or neither. */
  protected get savesTogether(): boolean {
    return this.#store.takesFiles;
  }

  /** Metadata that the index has itself, also where it does not have all. */
  protected get inlineKeys(): readonly string[] {
    return [];
  }

  /** Changes whenever the index was read from its file. */
  protected get contentsRead(): object | undefined {
    return this.#store.known;
  }

  /** For documents, which ask an index only for what every index has. */
  protected asDocuments(): ConstructorParameters<typeof LocalDocument>[0] {
    return this as unknown as ConstructorParameters<typeof LocalDocument>[0];
  }

  async #contents(): Promise<Contents> {
    await this.loadIndexData();
    // A subclass may have loaded nothing.
    return this.#store.known ?? (await this.#store.contents());
  }

  /** The open update, if a call with this argument belongs to it. */
  #updateOf(argument: object | undefined): Update | undefined {
    const update = this.#update;
    if (!update?.isInternal) return update;
    return argument && this.#ownArguments.has(argument) ? update : undefined;
  }

  async #put(
    items: readonly Partial<IndexItem>[],
    method: 'insert' | 'upsert',
    update: Update | undefined,
  ): Promise<IndexItem[]> {
    const metadataFiles: string[] = [];
    const prepare = async (): Promise<Change<IndexItem[]>> => {
      const { metadata_config } = await this.#contents();
      const made: IndexItem[] = [];
      for (const item of items)
        made.push(await this.#itemFrom(item, metadata_config.indexed ?? [], metadataFiles));
      await this.#store.sync(metadataFiles);
      return (transaction) => transaction[method](made);
    };
    try {
      return await this.#change(update, prepare(), metadataFiles);
    } catch (error) {
      await this.#deleteMetadata(metadataFiles);
      throw error;
    }
  }

  /** Makes a change in the update, or else at once. One that throws changes nothing. */
  async #change<T>(
    update: Update | undefined,
    change: Promise<Change<T>>,
    metadataFiles: readonly string[] = [],
  ): Promise<T> {
    if (update === undefined) return await this.#commit(change);
    // Whether it fails is asked when its turn comes.
    change.catch(() => undefined);
    return await update.order.run(async () => {
      const make = await change;
      const result = make(update.preview);
      update.changes.push(make);
      update.metadataFiles.push(...metadataFiles);
      return result;
    });
  }

  /** Changes that wait for the same save are saved together. */
  #commit<T>(change: Promise<Change<T>>): Promise<T> {
    change.catch(() => undefined);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ change, resolve, reject });
      if (this.#waiting.length === 1) void this.#saves.run(() => this.#saveWaiting());
    });
  }

  async #saveWaiting(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    /** What each caller is told once all is saved. */
    const answers: (() => void)[] = [];
    const changes = await Promise.allSettled(all.map(({ change }) => change));
    try {
      await this.loadIndexData();
      await this.#save(async (transaction) => {
        for (const [number, { resolve, reject }] of all.entries()) {
          const change = changes[number] as (typeof changes)[number];
          try {
            if (change.status === 'rejected') throw change.reason;
            const result = change.value(transaction);
            answers.push(() => resolve(result as never));
          } catch (error) {
            answers.push(() => reject(error));
          }
        }
        return [];
      });
      for (const answer of answers) answer();
    } catch (error) {
      const isMissing = error instanceof Error && error.message === 'Index does not exist';
      const failure = isMissing
        ? error
        : new Error(`Error saving index: ${String(error)}`, { cause: error });
      for (const { reject } of all) reject(failure);
    }
  }

  async #save(prepare: (transaction: Transaction) => Promise<readonly Companion[]>): Promise<void> {
    let unused: string[] = [];
    await this.#store.commit(async ({ table }) => {
      const transaction = new Transaction(table);
      const files = await prepare(transaction);
      const { changes } = transaction;
      const before = [...changes.removed, ...changes.replaced.map(({ entry }) => entry)];
      const kept = new Set(changes.replaced.map(({ item }) => item.metadataFile));
      unused = before.flatMap(({ item: { metadataFile } }) =>
        metadataFile && !kept.has(metadataFile) ? [metadataFile] : [],
      );
      return { changes, files };
    });
    await this.#deleteMetadata(unused);
  }

  async #itemFrom(
    item: Partial<IndexItem>,
    indexed: readonly string[],
    metadataFiles: string[],
  ): Promise<IndexItem> {
    if (!item.vector) throw new Error('Vector is required');
    const vector = plain(item.vector);
    const id = item.id ?? crypto.randomUUID();
    const at = vector.findIndex((value) => typeof value !== 'number' || !Number.isFinite(value));
    if (at >= 0)
      throw new Error(
        `Expected numbers in the vector of item ${id}, got ${String(vector[at])} at ${at}`,
      );
    const norm = ItemSelector.normalize(vector);
    const all = item.metadata ?? {};
    if (indexed.length === 0) return { id, metadata: { ...all }, vector, norm };

    const inline = new Set([...this.inlineKeys, ...indexed]);
    const entries = Object.entries(all).filter(([key]) => inline.has(key));
    const metadata = Object.fromEntries(entries);
    if (entries.length === Object.keys(all).length) return { id, metadata, vector, norm };
    const metadataFile = `${crypto.randomUUID()}${this.#codec.extension}`;
    metadataFiles.push(metadataFile);
    await this.#storage.upsertFile(this.#pathOf(metadataFile), this.#codec.serializeMetadata(all));
    return { id, metadata, vector, norm, metadataFile };
  }

  /**
   * The items that match; undefined when that is all of them. A filter that asks for what is not in the index looks into the
   * items' files of metadata.
   */
  async #matching(
    { table, metadata_config }: Contents,
    filter: MetadataFilter,
  ): Promise<Entry[] | undefined> {
    const fields = fieldsOf(filter);
    if (fields.size === 0) return undefined;
    const inline = new Set([...this.inlineKeys, ...(metadata_config.indexed ?? [])]);
    if ([...fields].every((field) => inline.has(field)) || !metadata_config.indexed?.length)
      return table.entries.filter(({ item }) => ItemSelector.select(item.metadata, filter));
    const entries = [...table.entries];
    const matches: boolean[] = [];
    for (const { item } of entries) {
      const metadata = item.metadataFile
        ? await this.#metadataOf(item.metadataFile)
        : item.metadata;
      matches.push(metadata !== undefined && ItemSelector.select(metadata, filter));
    }
    return entries.filter((_, number) => matches[number]);
  }

  /** All metadata of an item; undefined where its file is gone. A file never changes. */
  async #metadataOf(name: string): Promise<Record<string, MetadataTypes> | undefined> {
    const known = this.#metadataRead.get(name);
    if (known) return known;
    if (!(await this.#storage.pathExists(this.#pathOf(name)))) return undefined;
    const metadata = await this.#readMetadata(name);
    this.#metadataRead.set(name, metadata);
    return metadata;
  }

  /** With all metadata of the item. */
  async #resultOf({ entry, score }: Scored): Promise<QueryResult> {
    const item = { ...entry.item };
    if (item.metadataFile) {
      try {
        item.metadata = await this.#readMetadata(item.metadataFile);
      } catch (error) {
        // An item that was deleted or replaced since has no file any more.
        if (await this.#isCurrent(entry, item.metadataFile)) throw error;
      }
    }
    return { item, score };
  }

  async #readMetadata(name: string): Promise<Record<string, MetadataTypes>> {
    // Names come from a file: none may lead out of the folder.
    if (!isFileName(name)) throw new Error(`Expected the name of a file of metadata, got ${name}`);
    return this.#codec.deserializeMetadata(await this.#storage.readFile(this.#pathOf(name)));
  }

  async #isCurrent({ item }: Entry, metadataFile: string): Promise<boolean> {
    const { table } = await this.#store.contents();
    return table.get(item.id)?.item.metadataFile === metadataFile;
  }

  async #deleteMetadata(names: readonly string[]): Promise<void> {
    for (const name of names) this.#metadataRead.delete(name);
    for (const name of names.filter(isFileName))
      await FileStorageUtilities.tryDeleteFile(this.#storage, this.#pathOf(name));
  }

  #pathOf(name: string): string {
    return pathUtils.join(this.#folderPath, name);
  }
}

/** The metadata that a filter asks for. */
function fieldsOf(filter: MetadataFilter | null | undefined): Set<string> {
  const fields = new Set<string>();
  for (const key in filter ?? {}) {
    const value = filter?.[key];
    const isList = (key === '$and' || key === '$or') && Array.isArray(value);
    if (isList) for (const part of value) for (const field of fieldsOf(part)) fields.add(field);
    // An empty list has an answer of its own.
    if (!isList || value.length === 0) fields.add(key);
  }
  return fields;
}

/** A plain array of its own: callers may pass typed arrays, and go on using theirs. */
const plain = (vector: ArrayLike<number>): number[] => Array.from(vector);
