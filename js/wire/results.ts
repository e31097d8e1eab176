import type { Slices } from '../engine/event-loop.ts';
import type { QueryResult, WriteCounts } from '../types.ts';
import { readMetadata } from './metadata.ts';
import { readValue } from './msgpack-reader.ts';
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
  const { buffer, byteOffset } = response;
  let at = byteOffset + offset;
  const [count, dimensions, idBytes, metadataBytes] = new Uint32Array(
    buffer,
    at,
    4,
  ) as unknown as Words4;
  at += 16;
  const norms = new Float64Array(buffer, at, count);
  at += 8 * count;
  const scores = new Float32Array(buffer, at, count);
  at += 4 * count;
  const idLengths = new Uint32Array(buffer, at, count);
  at += 4 * count;
  const metadataLengths = new Uint32Array(buffer, at, count);
  at += 4 * count;
  const vectors = new Float32Array(buffer, at, count * dimensions);
  at += 4 * count * dimensions;
  const ids = new Uint8Array(buffer, at, idBytes);
  at += idBytes;
  const metadata = new Uint8Array(buffer, at, metadataBytes);
  at += metadataBytes;

  const results: QueryResult<TMetadata>[] = [];
  let idAt = 0;
  let metadataAt = 0;
  for (let i = 0; i < count; i++) {
    const idEnd = idAt + (idLengths[i] as number);
    const metadataEnd = metadataAt + (metadataLengths[i] as number);
    const item = {
      id: readText(ids, idAt, idEnd),
      metadata: readMetadata(metadata.subarray(metadataAt, metadataEnd)) as TMetadata,
      norm: norms[i] as number,
    };
    results.push({
      // A copy: one item must not keep the whole response alive.
      item:
        dimensions === 0
          ? item
          : { ...item, vector: vectors.slice(i * dimensions, (i + 1) * dimensions) },
      score: scores[i] as number,
    });
    idAt = idEnd;
    metadataAt = metadataEnd;
    if (i % itemsBetweenLooks === itemsBetweenLooks - 1 && slices.over) await slices.next();
  }
  return { results, end: Math.ceil((at - byteOffset) / 8) * 8 };
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

export function readMap(response: Uint8Array): Record<string, unknown> {
  return readValue(response) as Record<string, unknown>;
}
