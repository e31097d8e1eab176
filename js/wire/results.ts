import type { Slices } from '../event-loop.ts';
import type { QueryResult, SnapshotResult, WriteCounts } from '../types.ts';
import { readMetadata } from './metadata.ts';
import { readValue, ValueReader } from './msgpack-reader.ts';
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
  response: Uint8Array,
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

/** Decodes the block that a response holds at once: for a few results, where an await would cost more. */
export function readBlockNow<TMetadata extends object>(
  response: Uint8Array,
): QueryResult<TMetadata>[] {
  const reader = new BlockReader<TMetadata>(response, 0);
  const results: QueryResult<TMetadata>[] = [];
  for (let i = 0; i < reader.count; i++) results.push(reader.next());
  return results;
}

/** Decodes a block result by result. */
class BlockReader<TMetadata extends object> {
  readonly count: number;
  readonly end: number;
  readonly #bytes: Uint8Array;
  readonly #values: ValueReader;
  readonly #dimensions: number;
  readonly #norms: Float64Array;
  readonly #scores: Float32Array;
  readonly #idLengths: Uint32Array;
  readonly #metadataLengths: Uint32Array;
  readonly #vectors: Float32Array;
  #item = 0;
  #idAt: number;
  #metadataAt: number;

  constructor(response: Uint8Array, offset: number) {
    const { buffer, byteOffset } = response;
    let at = byteOffset + offset;
    const [count, dimensions, idBytes, metadataBytes] = new Uint32Array(
      buffer,
      at,
      4,
    ) as unknown as Words4;
    at += 16;
    this.#norms = new Float64Array(buffer, at, count);
    at += 8 * count;
    this.#scores = new Float32Array(buffer, at, count);
    at += 4 * count;
    this.#idLengths = new Uint32Array(buffer, at, count);
    at += 4 * count;
    this.#metadataLengths = new Uint32Array(buffer, at, count);
    at += 4 * count;
    this.#vectors = new Float32Array(buffer, at, count * dimensions);
    at += 4 * count * dimensions;
    this.count = count;
    this.#bytes = response;
    this.#values = new ValueReader(response);
    this.#dimensions = dimensions;
    this.#idAt = at - byteOffset;
    this.#metadataAt = this.#idAt + idBytes;
    this.end = Math.ceil((this.#metadataAt + metadataBytes) / 8) * 8;
  }

  next(): QueryResult<TMetadata> {
    const i = this.#item++;
    const idEnd = this.#idAt + (this.#idLengths[i] as number);
    const metadataEnd = this.#metadataAt + (this.#metadataLengths[i] as number);
    const id = readText(this.#bytes, this.#idAt, idEnd);
    const metadata = readMetadata(this.#values, this.#metadataAt, metadataEnd) as TMetadata;
    const norm = this.#norms[i] as number;
    this.#idAt = idEnd;
    this.#metadataAt = metadataEnd;
    const dimensions = this.#dimensions;
    const item =
      dimensions === 0
        ? { id, metadata, norm }
        : // A copy: one item must not keep the whole response alive.
          { id, metadata, norm, vector: this.#vectors.slice(i * dimensions, (i + 1) * dimensions) };
    return { item, score: this.#scores[i] as number };
  }
}

type Words4 = [number, number, number, number];

/** How many results a block holds. */
export function blockCount(response: Uint8Array): number {
  return readWord(response, 0);
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
