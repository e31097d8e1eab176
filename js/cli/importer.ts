import { type ItemInput, type LocalIndex, type MetadataConfig, QuiverError } from '../index.ts';
import { asQuiverError } from './failure.ts';
import type { ReadItem, Source } from './formats/format.ts';

export interface ImportOptions {
  /** The file's name, for messages. */
  readonly path: string;
  readonly upsert: boolean;
  /** Items in one transaction. */
  readonly batch: number;
  readonly limit: number;
  /** Stands before the numbers that items without an id get. */
  readonly idPrefix: string;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
  /** Memory that rows without a graph may take. @default 1 GiB */
  readonly headBytes?: number;
}

export interface Imported {
  /** Items that are durably in the index, also when it stopped early. */
  readonly done: number;
  readonly inserted: number;
  readonly updated: number;
  /** Why it stopped before the end. */
  readonly error?: unknown;
}

/**
 * Rows that are not yet in a segment are in memory. A graph is built more slowly than rows are read, so beyond this many
 * bytes the reading waits for the building.
 */
const defaultHeadBytes = 1 << 30;
const pollMs = 50;
/** Looks that find nothing going on before the waiting is given up: the builder may just not have begun. */
const mostIdleLooks = 20;

/** A batch is cut before it takes more memory than this, whatever its items are. */
const batchBytes = 16 << 20;

/**
 * Puts the items of a source into an index, which is made first if there is none. While one batch is written the next
 * one is read. An index that it made is removed again when not one batch got into it.
 */
export async function importItems(
  index: LocalIndex,
  source: Source,
  options: ImportOptions,
): Promise<Imported> {
  const importer = new Importer(index, source, options);
  try {
    await importer.run();
    return importer.imported;
  } catch (error) {
    await importer.undoCreation();
    return { ...importer.imported, error };
  }
}

class Importer {
  readonly #index: LocalIndex;
  readonly #source: Source;
  readonly #options: ImportOptions;
  #done = 0;
  #inserted = 0;
  #updated = 0;
  #created = false;
  /** Bytes written since the memory was looked at. */
  #unseenBytes = 0;

  constructor(index: LocalIndex, source: Source, options: ImportOptions) {
    this.#index = index;
    this.#source = source;
    this.#options = options;
  }

  get imported(): Imported {
    return { done: this.#done, inserted: this.#inserted, updated: this.#updated };
  }

  async run(): Promise<void> {
    const { signal, onProgress } = this.#options;
    const exists = await this.#index.isIndexCreated();
    if (exists) await this.#checkDimensions();
    let writing: Promise<void> = Promise.resolve();
    try {
      for await (const batch of this.#batches()) {
        await writing;
        await this.#waitForMemory();
        signal.throwIfAborted();
        if (!exists && !this.#created) await this.#create();
        writing = this.#write(batch);
        writing.catch(() => undefined); // reported when it is waited for
        onProgress(this.#done);
      }
    } catch (error) {
      // What is under way is counted too; if it fails as well, the first error is the one to report.
      await writing.catch(() => undefined);
      throw error;
    }
    await writing;
    signal.throwIfAborted();
    if (!exists && !this.#created) await this.#create();
  }

  async #waitForMemory(): Promise<void> {
    const { headBytes = defaultHeadBytes, signal, onProgress } = this.#options;
    if (this.#unseenBytes < headBytes / 16) return;
    this.#unseenBytes = 0;
    for (let idleLooks = 0; idleLooks < mostIdleLooks && !signal.aborted; ) {
      const { memory, maintenance } = await this.#index.getPerformanceMetrics();
      // What failed is not waited for; the next write tells.
      if (memory.head < headBytes || maintenance.error !== null) return;
      if (maintenance.idle) idleLooks++;
      onProgress(this.#done);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async undoCreation(): Promise<void> {
    if (this.#created && this.#done === 0) await this.#index.deleteIndex();
  }

  async #create(): Promise<void> {
    const metadata_config: MetadataConfig = this.#source.metadataConfig ?? {};
    const { dimensions } = this.#source;
    await this.#index.createIndex({
      metadata_config,
      ...(dimensions === undefined ? {} : { dimensions }),
    });
    this.#created = true;
  }

  /** Before anything is read, where the file says so in its header. */
  async #checkDimensions(): Promise<void> {
    const { dimensions: actual } = this.#source;
    const { dimensions: expected } = await this.#index.getIndexStats();
    if (actual === undefined || expected === 0 || actual === expected) return;
    throw new QuiverError(
      'DIMENSION_MISMATCH',
      `The vectors of ${this.#options.path} have ${actual} numbers, those of the index have ${expected}`,
      { expected, actual },
    );
  }

  async *#batches(): AsyncGenerator<ReadItem[], void, undefined> {
    const { batch: most, limit, signal } = this.#options;
    if (limit === 0) return;
    let batch: ReadItem[] = [];
    let bytes = 0;
    let total = 0;
    for await (const read of this.#source.items()) {
      signal.throwIfAborted();
      batch.push(read);
      bytes += read.bytes;
      total++;
      if (batch.length >= most || bytes >= batchBytes) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      if (total === limit) break;
    }
    if (batch.length > 0) yield batch;
  }

  async #write(batch: readonly ReadItem[]): Promise<void> {
    const { idPrefix, upsert } = this.#options;
    const first = this.#done;
    const items: ItemInput[] = batch.map(({ item }, i) =>
      item.id === undefined ? { ...item, id: `${idPrefix}${first + i}` } : item,
    );
    try {
      const counts = upsert
        ? await this.#index.upsertItems(items)
        : await this.#index.insertItems(items);
      this.#done += items.length;
      this.#inserted += counts.inserted;
      this.#updated += counts.updated;
      for (const { bytes } of batch) this.#unseenBytes += bytes;
    } catch (error) {
      throw this.#located(error, batch);
    }
  }

  /** The index counts from the start of its batch; the user counts lines and rows. */
  #located(error: unknown, batch: readonly ReadItem[]): unknown {
    if (!(error instanceof QuiverError) || error.details.item === undefined) return error;
    const { item } = error.details;
    const place = batch[item]?.place;
    const message = error.message.replace(
      new RegExp(`^(.*?)\\b([Ii])tem ${item}\\b`, 's'),
      '$1this item',
    );
    const where = `${this.#options.path}, ${this.#source.unit} ${place}`;
    const hint = error.code === 'ITEM_EXISTS' ? ' (--upsert replaces items that are there)' : '';
    return new QuiverError(error.code, `${where}: ${message}${hint}`, error.details, {
      cause: error,
    });
  }
}

/** The error that tells what became of the items before it. */
export function withKept(error: unknown, done: string, folder: string): QuiverError {
  const { code, message, details } = asQuiverError(error);
  return new QuiverError(
    code,
    `${message}; the ${done} items before are kept in ${folder}`,
    details,
    { cause: error },
  );
}
