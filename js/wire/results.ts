import type { Slices } from '../event-loop.ts';
import type { QueryResult, SnapshotResult, WriteCounts } from '../types.ts';
import { readMetadata } from './metadata.ts';
import { readValue, type ValueReader } from './msgpack-reader.ts';
import { readText } from './text.ts';

/** A result block of docs/engine-messages.md, decoded. */
export interface Block<TMetadata extends object> {
  readonly results: QueryResult<TMetadata>[];
  /** Where the next block starts. */
  readonly end: number;
}

const itemsBetweenLooks = 16;

/** Decodes the block at `offset`, letting the event loop run every few milliseconds. */
export async function readBlock<TMetadata extends object>(
  response: ValueReader,
  offset: number,
  slices: Slices,
): Promise<Block<TMetadata>> {
  const reader = new BlockReader<TMetadata>(response, offset);
  const results: QueryResult<TMetadata>[] = [];
  for (let i = 0; i < reader.count; i++) {
    results.push(reader.next());
    if (i % itemsBetweenLooks === itemsBetweenLooks - 1 && slices.over) await slices.next();
  }
  return { results, end: reader.end };
}

/** Decodes the block at `offset` at once: for a few results, where an await would cost more. */
export function readBlockNow<TMetadata extends object>(
  response: ValueReader,
  offset: number,
): Block<TMetadata> {
  const reader = new BlockReader<TMetadata>(response, offset);
  const results: QueryResult<TMetadata>[] = [];
  for (let i = 0; i < reader.count; i++) results.push(reader.next());
  return { results, end: reader.end };
}

/** Decodes a block result by result. */
class BlockReader<TMetadata extends object> {
  readonly count: number;
  readonly end: number;
  readonly #values: ValueReader;
  readonly #dimensions: number;
  // Where in the response these stand.
  readonly #norms: number;
  readonly #scores: number;
  readonly #idLengths: number;
  readonly #metadataLengths: number;
  readonly #vectors: number;
  #item = 0;
  #text: number;

  constructor(values: ValueReader, offset: number) {
    const { view } = values;
    const count = view.getUint32(offset, true);
    const dimensions = view.getUint32(offset + 4, true);
    const textBytes =
      view.getUint32(offset + 8, true) + view.getUint32(offset + 12, true) * 2 ** 32;
    this.count = count;
    this.#values = values;
    this.#dimensions = dimensions;
    this.#norms = offset + 16;
    this.#scores = this.#norms + 8 * count;
    this.#idLengths = this.#scores + 4 * count;
    this.#metadataLengths = this.#idLengths + 4 * count;
    this.#vectors = this.#metadataLengths + 4 * count;
    this.#text = this.#vectors + 4 * count * dimensions;
    this.end = Math.ceil((this.#text + textBytes) / 8) * 8;
  }

  next(): QueryResult<TMetadata> {
    const i = this.#item++;
    const values = this.#values;
    const { view } = values;
    const idAt = this.#text;
    const metadataAt = idAt + view.getUint32(this.#idLengths + 4 * i, true);
    const end = metadataAt + view.getUint32(this.#metadataLengths + 4 * i, true);
    this.#text = end;
    const id = readText(values.bytes, idAt, metadataAt);
    const metadata = readMetadata(values, metadataAt, end) as TMetadata;
    const norm = view.getFloat64(this.#norms + 8 * i, true);
    const score = view.getFloat32(this.#scores + 4 * i, true);
    if (this.#dimensions === 0) return { item: { id, metadata, norm }, score };
    return { item: { id, metadata, norm, vector: this.#vector(i) }, score };
  }

  /** A copy: one item must not keep the whole response alive. */
  #vector(i: number): Float32Array {
    const { buffer, byteOffset } = this.#values.bytes;
    const size = this.#dimensions * 4;
    const start = byteOffset + this.#vectors + i * size;
    return new Float32Array(buffer.slice(start, start + size));
  }
}

/** How many results the block at `offset` holds. */
export function blockCount(response: ValueReader, offset: number): number {
  return response.view.getUint32(offset, true);
}

export function readWord(response: Uint8Array, index: number): number {
  return new Uint32Array(response.buffer, response.byteOffset + index * 4, 1)[0] as number;
}

export function readCounts(response: Uint8Array): WriteCounts {
  return {
    inserted: readWord(response, 0),
    updated: readWord(response, 1),
    deleted: readWord(response, 2),
  };
}

/** The response to a snapshot and to a restore. */
export function readSnapshotResult(response: Uint8Array): SnapshotResult {
  return {
    files: readWord(response, 0),
    linkedFiles: readWord(response, 1),
    bytesCopied: readWord(response, 2) + readWord(response, 3) * 2 ** 32,
  };
}

export function readMap(response: Uint8Array): Record<string, unknown> {
  return readValue(response) as Record<string, unknown>;
}
