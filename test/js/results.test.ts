import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { Slices } from '../../js/event-loop.ts';
import { ValueReader } from '../../js/wire/msgpack-reader.ts';
import { readBlock } from '../../js/wire/results.ts';

interface Row {
  readonly id: string;
  readonly metadata: object;
  readonly norm: number;
  readonly score: number;
  readonly vector: readonly number[];
}

/** A block as docs/engine-messages.md lays it out. */
function block(rows: readonly Row[], dim: number): Uint8Array {
  const ids = rows.map((row) => new TextEncoder().encode(row.id));
  const metadata = rows.map((row) => encode(row.metadata));
  const texts = rows.flatMap((_, i) => [ids[i], metadata[i]]) as Uint8Array[];
  const textBytes = texts.reduce((sum, part) => sum + part.length, 0);
  const bytes = [
    new Uint32Array([rows.length, dim, textBytes, 0]),
    new Float64Array(rows.map((row) => row.norm)),
    new Float32Array(rows.map((row) => row.score)),
    new Uint32Array(ids.map((id) => id.length)),
    new Uint32Array(metadata.map((part) => part.length)),
    new Float32Array(dim === 0 ? [] : rows.flatMap((row) => row.vector)),
    ...texts,
  ].flatMap((part) => [...new Uint8Array(part.buffer, part.byteOffset, part.byteLength)]);
  while (bytes.length % 8 !== 0) bytes.push(0);
  return Uint8Array.from(bytes);
}

const rows: Row[] = [
  { id: 'a', metadata: { x: [1, null] }, norm: 1.25, score: 0.5, vector: [1, 2, 3] },
  { id: '\uFEFFé', metadata: {}, norm: 2.5, score: -0.5, vector: [4, 5, 6] },
  { id: 'long '.repeat(100), metadata: { y: 'z' }, norm: 0, score: 0, vector: [7, 8, 9] },
];

test.each([0, 3])('blocks with %i dimensions, one after the other', async (dim) => {
  const parts = [block(rows, dim), block([], dim), block(rows.slice(1), dim)];
  const response = new ValueReader(Uint8Array.from(parts.flatMap((part) => [...part])));
  const slices = new Slices();
  const expected = rows.map(({ id, metadata, norm, score, vector }) => ({
    item: { id, metadata, norm, ...(dim === 0 ? {} : { vector: Float32Array.from(vector) }) },
    score,
  }));
  const first = await readBlock(response, 0, slices);
  const second = await readBlock(response, first.end, slices);
  const third = await readBlock(response, second.end, slices);
  expect(first.results).toStrictEqual(expected);
  expect(second.results).toStrictEqual([]);
  expect(third.results).toStrictEqual(expected.slice(1));
  expect(third.end).toBe(response.bytes.length);
});
