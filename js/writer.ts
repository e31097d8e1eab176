import { type ErrorContext, QuiverError } from './errors.ts';
import { batchesOf, checkIterable, type Items } from './item-input.ts';
import type { OpenIndex } from './open-index.ts';
import { defaults, type InsertOptions } from './options.ts';
import type { WriteCounts } from './types.ts';
import { type OperationKind, type PackedBatch, packBatch } from './wire/batch.ts';
import { op, packWords } from './wire/requests.ts';
import { readCounts, readWord } from './wire/results.ts';
import { WriteOrder } from './write-order.ts';

/** An array longer than this is handed to the core in pieces, still as one transaction. */
const piece = 4096;

const noCounts: WriteCounts = { inserted: 0, updated: 0, deleted: 0 };

/** What one batch did, and what was packed for it. */
export interface Applied {
  readonly counts: WriteCounts;
  readonly batch: PackedBatch;
  /** A copy of each vector, where they were wanted: the batch's own are given away with the request. */
  readonly vectors: readonly Float32Array[];
}

/** How a batch is applied. */
interface ApplyOptions {
  /** Where the batch starts in what the caller passed in. @default 0 */
  readonly firstItem?: number;
  /** @default false */
  readonly wantsVectors?: boolean;
}

/** What a whole call did. */
export interface Total extends WriteCounts {
  readonly ids: string[];
}

/** Everything that writes: batches in the order of the calls, and the open update that they may belong to. */
export class Writer {
  readonly #opened: () => OpenIndex | Promise<OpenIndex>;
  readonly #order: WriteOrder = new WriteOrder();
  /** The open update's transaction. */
  #update: Promise<number> | undefined;

  /** @param opened - gives the open index, at once when it is open already. */
  constructor(opened: () => OpenIndex | Promise<OpenIndex>) {
    this.#opened = opened;
  }

  /** @throws {QuiverError} `UPDATE_IN_PROGRESS` */
  async begin(): Promise<void> {
    if (this.#update !== undefined)
      throw new QuiverError('UPDATE_IN_PROGRESS', 'Update already in progress');
    const update = this.#order
      .run(
        async () => this.#opened(),
        (index) => index.write(packWords(op.begin)),
      )
      .then((response) => readWord(response, 0));
    this.#update = update;
    try {
      await update;
    } catch (error) {
      if (this.#update === update) this.#update = undefined;
      throw error;
    }
  }

  /**
   * When it fails, nothing of the update is done, and it is over.
   *
   * @throws {QuiverError} `NO_UPDATE_IN_PROGRESS`
   */
  async commit(): Promise<WriteCounts> {
    return readCounts(await this.#finish(this.#takeUpdate(), op.commit));
  }

  /** @throws {QuiverError} `NO_UPDATE_IN_PROGRESS` */
  async cancel(): Promise<void> {
    await this.#finish(this.#takeUpdate(), op.cancel);
  }

  /** A request that stands for itself, in the order of the calls. */
  request(request: Uint8Array, context: ErrorContext): Promise<Uint8Array> {
    return this.#order.run(
      async () => this.#opened(),
      (index) => index.write(request, context),
    );
  }

  /** Resolves when every write called before has been sent. */
  settled(): Promise<void> {
    return this.#order.alone(async () => undefined);
  }

  /** Forgets the update without telling the core, whose session is about to close. */
  forget(): void {
    this.#update = undefined;
  }

  /** Writes one batch: a transaction of its own, or part of the open update. */
  apply(
    kind: OperationKind,
    items: readonly unknown[],
    { firstItem = 0, wantsVectors = false }: ApplyOptions = {},
  ): Promise<Applied> {
    const update = this.#update;
    return this.#order.run(
      async () => {
        // Not awaited when it is open: a single item is then copied before the call returns.
        const opened = this.#opened();
        const index = opened instanceof Promise ? await opened : opened;
        const prefix = update === undefined ? [op.write] : [op.stage, await update];
        const batch = await packBatch(items, {
          prefix,
          kind,
          dimensions: index.dimensions,
          firstItem,
        });
        return { index, batch };
      },
      ({ index, batch }) =>
        send(index, batch, { staged: update !== undefined, firstItem, wantsVectors }),
    );
  }

  /** Writes an array in one transaction, or any items in one transaction a batch. */
  applyAll(kind: OperationKind, items: Items<unknown>, options: InsertOptions): Promise<Total> {
    checkIterable(items);
    if (!Array.isArray(items) || options.batchSize !== undefined)
      return this.#applyBatches(kind, items, options);
    if (items.length > piece && this.#update === undefined)
      return this.#applyInPieces(kind, items, options);
    return this.#applyWhole(kind, items, options);
  }

  async #applyWhole(
    kind: OperationKind,
    items: readonly unknown[],
    options: InsertOptions,
  ): Promise<Total> {
    options.signal?.throwIfAborted();
    const { counts, batch } = await this.apply(kind, items);
    options.onProgress?.({ done: items.length, total: items.length });
    return { ...counts, ids: [...batch.ids] };
  }

  async #applyBatches(
    kind: OperationKind,
    items: Items<unknown>,
    options: InsertOptions,
  ): Promise<Total> {
    const { batchSize = defaults.insertBatchSize, onProgress, signal } = options;
    const total = Array.isArray(items) ? { total: items.length } : {};
    const ids: string[] = [];
    let sum = noCounts;
    signal?.throwIfAborted();
    for await (const part of batchesOf(items, batchSize)) {
      signal?.throwIfAborted();
      const { counts, batch } = await this.apply(kind, part, { firstItem: ids.length });
      sum = add(sum, counts);
      for (const id of batch.ids) ids.push(id);
      onProgress?.({ done: ids.length, ...total });
    }
    return { ...sum, ids };
  }

  #applyInPieces(
    kind: OperationKind,
    items: readonly unknown[],
    options: InsertOptions,
  ): Promise<Total> {
    const { onProgress, signal } = options;
    const opened = Promise.resolve(this.#opened());
    opened.catch(() => undefined); // reported below, when its turn has come
    return this.#order.alone(async () => {
      signal?.throwIfAborted();
      const index = await opened;
      const transaction = readWord(await index.write(packWords(op.begin)), 0);
      const ids: string[] = [];
      let { dimensions } = index;
      try {
        for await (const part of batchesOf(items, piece)) {
          signal?.throwIfAborted();
          const firstItem = ids.length;
          const batch = await packBatch(part, {
            prefix: [op.stage, transaction],
            kind,
            dimensions,
            firstItem,
          });
          await send(index, batch, { staged: true, firstItem, wantsVectors: false });
          if (batch.dimensions !== 0) dimensions = batch.dimensions;
          for (const id of batch.ids) ids.push(id);
          onProgress?.({ done: ids.length, total: items.length });
        }
        const counts = readCounts(await index.write(packWords(op.commit, transaction)));
        index.dimensions = dimensions;
        return { ...counts, ids };
      } catch (error) {
        // Whatever comes of it, the first error is the one to report.
        await index.write(packWords(op.cancel, transaction)).catch(() => undefined);
        throw error;
      }
    });
  }

  #takeUpdate(): Promise<number> {
    const update = this.#update;
    if (update === undefined)
      throw new QuiverError('NO_UPDATE_IN_PROGRESS', 'No update in progress');
    // What is written from now on is no part of it.
    this.#update = undefined;
    return update;
  }

  #finish(update: Promise<number>, operation: number): Promise<Uint8Array> {
    return this.#order.run(
      async () => ({ index: await this.#opened(), transaction: await update }),
      ({ index, transaction }) => index.write(packWords(operation, transaction)),
    );
  }
}

async function send(
  index: OpenIndex,
  batch: PackedBatch,
  { staged, firstItem, wantsVectors }: Required<ApplyOptions> & { readonly staged: boolean },
): Promise<Applied> {
  const { dimensions } = batch;
  const vectors = wantsVectors
    ? batch.ids.map((_, i) => batch.vectors.slice(i * dimensions, (i + 1) * dimensions))
    : [];
  if (batch.ids.length === 0) return { counts: noCounts, batch, vectors };
  const context = { firstItem, idAt: (item: number) => batch.ids[item] };
  const response = await index.write(batch.request, context);
  if (staged) return { counts: noCounts, batch, vectors };
  if (index.dimensions === 0) index.dimensions = dimensions;
  return { counts: readCounts(response), batch, vectors };
}

function add(a: WriteCounts, b: WriteCounts): WriteCounts {
  return {
    inserted: a.inserted + b.inserted,
    updated: a.updated + b.updated,
    deleted: a.deleted + b.deleted,
  };
}
