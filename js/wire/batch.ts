import { describe, QuiverError } from '../errors.ts';
import { Slices } from '../event-loop.ts';
import { ByteWriter } from './byte-writer.ts';
import { newId, writeId } from './id.ts';
import { writeMetadata } from './metadata.ts';
import { copyVector, dimensionMismatch, type VectorName, vectorLength } from './vector.ts';

/** What a batch does with its items. The position in this list is the number in `flags`. */
export const operationKinds = ['insert', 'upsert', 'update', 'delete'] as const;
export type OperationKind = (typeof operationKinds)[number];

const hasVector = 1 << 8;
const hasMetadata = 1 << 9;
/** More than either engine takes in one request. */
const maxRequestBytes = 0x7fffffff;
/** Looking at the clock costs as much as packing a small item. */
const itemsBetweenLooks = 16;

export interface PackedBatch {
  readonly request: Uint8Array;
  /** The items' ids in order; new ones where an item had none. */
  readonly ids: readonly string[];
  /** The length of the vectors, 0 when there are none. */
  readonly dimensions: number;
  /** The vectors one after the other, as the request holds them. */
  readonly vectors: Float32Array;
}

export interface BatchOptions {
  /** What stands before the batch: the operation and, for STAGE, the transaction. */
  readonly prefix: readonly number[];
  readonly kind: OperationKind;
  /** The length that vectors must have, 0 when the first one decides. */
  readonly dimensions: number;
  /** Where this batch starts in what the caller passed in, for messages. */
  readonly firstItem: number;
}

interface RawItem {
  readonly id?: unknown;
  readonly vector?: unknown;
  readonly metadata?: unknown;
}

/**
 * Packs items (or ids, to delete) into a write request; see docs/engine-messages.md. A few hundred items are packed
 * before it returns; then it lets the event loop run every few milliseconds.
 *
 * @throws {QuiverError} `INVALID_VECTOR`, `DIMENSION_MISMATCH`, `INVALID_ID`, `INVALID_METADATA`, `INVALID_ARGUMENT`
 */
export async function packBatch(
  items: readonly unknown[],
  options: BatchOptions,
): Promise<PackedBatch> {
  const slices = new Slices();
  const plan = new BatchPlan(items.length, options);
  for (let i = 0; i < items.length; i++) {
    plan.add(i, items[i]);
    if (i % itemsBetweenLooks === 0 && slices.over) await slices.next();
  }
  const request = plan.allocate();
  for (let i = 0; i < items.length; i++) {
    plan.copyVector(i, items[i]);
    if (i % itemsBetweenLooks === 0 && slices.over) await slices.next();
  }
  return { request, ids: plan.ids, dimensions: plan.dimensions, vectors: plan.vectors };
}

/** The first pass takes everything but the vectors, which then go straight to where they belong in the request. */
class BatchPlan {
  readonly ids: string[] = [];
  dimensions: number;
  vectors: Float32Array = new Float32Array(0);
  readonly #options: BatchOptions;
  readonly #columns: Uint32Array;
  readonly #count: number;
  readonly #idBytes: ByteWriter = new ByteWriter();
  readonly #metadataBytes: ByteWriter = new ByteWriter();
  #vectorCount = 0;
  #copied = 0;

  constructor(count: number, options: BatchOptions) {
    this.#count = count;
    this.#options = options;
    this.dimensions = options.dimensions;
    this.#columns = new Uint32Array(count * 3);
  }

  add(i: number, raw: unknown): void {
    const { kind, firstItem } = this.#options;
    const item = firstItem + i;
    const { id: given, vector, metadata } = kind === 'delete' ? { id: raw } : asItem(raw, item);
    const id =
      (given === undefined || given === null) && (kind === 'insert' || kind === 'upsert')
        ? newId()
        : given;
    this.#columns[this.#count + i] = writeId(this.#idBytes, id, item);
    this.ids.push(id as string);
    let flags: number = operationKinds.indexOf(kind);
    if (vector !== undefined && vector !== null) {
      flags |= hasVector;
      this.#vectorCount++;
      this.#checkLength(i, vector);
    } else if (kind === 'insert' || kind === 'upsert') {
      throw new QuiverError('INVALID_VECTOR', 'Vector is required', { item, id: id as string });
    }
    if (metadata !== undefined && metadata !== null) {
      flags |= hasMetadata;
      const before = this.#metadataBytes.size;
      writeMetadata(this.#metadataBytes, metadata, item, id as string);
      this.#columns[2 * this.#count + i] = this.#metadataBytes.size - before;
    }
    this.#columns[i] = flags;
  }

  /** The whole request but the vectors. */
  allocate(): Uint8Array {
    const count = this.#count;
    const dimensions = this.#vectorCount === 0 ? 0 : this.dimensions;
    const ids = this.#idBytes.bytes;
    const metadata = this.#metadataBytes.bytes;
    const { prefix } = this.#options;
    const head = [...prefix, count, dimensions, this.#vectorCount, ids.length, metadata.length];
    const vectorsAt = (head.length + 3 * count) * 4;
    const idsAt = vectorsAt + this.#vectorCount * dimensions * 4;
    const size = idsAt + ids.length + metadata.length;
    if (size > maxRequestBytes) {
      throw new QuiverError(
        'INVALID_ARGUMENT',
        `The ${count} items take ${size} bytes in one transaction, expected at most ${maxRequestBytes}; give a batchSize`,
      );
    }
    const request = new Uint8Array(size);
    const words = new Uint32Array(request.buffer, 0, vectorsAt / 4);
    words.set(head);
    words.set(this.#columns, head.length);
    request.set(ids, idsAt);
    request.set(metadata, idsAt + ids.length);
    this.vectors = new Float32Array(request.buffer, vectorsAt, this.#vectorCount * dimensions);
    this.dimensions = dimensions;
    return request;
  }

  copyVector(i: number, raw: unknown): void {
    if (((this.#columns[i] as number) & hasVector) === 0) return;
    const vector = (raw as RawItem).vector;
    // It may have changed since the first pass, which gave the event loop a turn.
    this.#checkLength(i, vector);
    copyVector(vector as ArrayLike<number>, this.vectors, this.#copied, () => this.#name(i));
    this.#copied += this.dimensions;
  }

  #checkLength(i: number, vector: unknown): void {
    const length = vectorLength(vector, () => this.#name(i));
    if (this.dimensions === 0) this.dimensions = length;
    if (length !== this.dimensions) throw dimensionMismatch(this.#name(i), this.dimensions, length);
  }

  #name(i: number): VectorName {
    const item = this.#options.firstItem + i;
    const id = this.ids[i] as string;
    return { text: `item ${item} (id ${JSON.stringify(id)})`, item, id };
  }
}

function asItem(raw: unknown, item: number): RawItem {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw) && !ArrayBuffer.isView(raw))
    return raw;
  throw new QuiverError(
    'INVALID_ARGUMENT',
    `Expected an object for item ${item}, got ${describe(raw)}`,
    { item },
  );
}
