import { runInNewContext } from 'node:vm';
import { decode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { type BatchOptions, packBatch } from '../../js/wire/batch.ts';
import { errorOf } from '../conformance/helpers.ts';

const options = (more: Partial<BatchOptions> = {}): BatchOptions => ({
  prefix: [16],
  kind: 'insert',
  dimensions: 0,
  firstItem: 0,
  ...more,
});

/** Reads a batch as docs/engine-messages.md lays it out. */
function unpack(request: Uint8Array, prefix: number) {
  const words = new Uint32Array(request.buffer, 0, Math.floor(request.length / 4));
  const [n = 0, dim = 0, v = 0, idBytes = 0, metadataBytes = 0] = words.subarray(
    prefix,
    prefix + 5,
  );
  const columns = prefix + 5;
  const flags = [...words.subarray(columns, columns + n)];
  const idLengths = [...words.subarray(columns + n, columns + 2 * n)];
  const metadataLengths = [...words.subarray(columns + 2 * n, columns + 3 * n)];
  let at = (columns + 3 * n) * 4;
  const vectors = new Float32Array(request.buffer, at, v * dim);
  at += v * dim * 4;
  const take = (length: number): Uint8Array => {
    at += length;
    return request.subarray(at - length, at);
  };
  const text = new TextDecoder('utf-8', { ignoreBOM: true });
  const ids = idLengths.map((length) => text.decode(take(length)));
  const metadata = metadataLengths.map((length) =>
    length === 0 ? undefined : decode(take(length)),
  );
  expect(at).toBe(request.length);
  expect(idLengths.reduce((a, b) => a + b, 0)).toBe(idBytes);
  expect(metadataLengths.reduce((a, b) => a + b, 0)).toBe(metadataBytes);
  return { n, dim, v, flags, ids, metadata, vectors };
}

test('an insert', async () => {
  const { request, ids, dimensions } = await packBatch(
    [
      { id: 'a', vector: [1, 2, 3], metadata: { x: 1 } },
      { id: 'é', vector: new Float32Array([4, 5, 6]) },
      { vector: new Float64Array([7, 8, 9]), metadata: {} },
    ],
    options(),
  );
  const batch = unpack(request, 1);
  expect(batch.flags).toEqual([0x300, 0x100, 0x300]);
  expect([...batch.vectors]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(batch.metadata).toEqual([{ x: 1 }, undefined, {}]);
  expect(batch.ids).toEqual(ids);
  expect(ids[2]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(dimensions).toBe(3);
});

test('updates may lack either, deletes have neither, a transaction comes before', async () => {
  const update = await packBatch(
    [{ id: 'a', metadata: { y: 2 } }, { id: 'b', vector: [1, 2] }, { id: 'c' }],
    options({ kind: 'update', prefix: [18, 7] }),
  );
  expect(new Uint32Array(update.request.buffer, 0, 2)).toEqual(new Uint32Array([18, 7]));
  expect(unpack(update.request, 2)).toMatchObject({
    flags: [0x202, 0x102, 2],
    v: 1,
    dim: 2,
    ids: ['a', 'b', 'c'],
  });
  const remove = await packBatch(['a', 'bc'], options({ kind: 'delete', dimensions: 5 }));
  expect(unpack(remove.request, 1)).toMatchObject({
    flags: [3, 3],
    v: 0,
    dim: 0,
    ids: ['a', 'bc'],
  });
});

test('any batch unpacks to what was packed', async () => {
  const item = (dim: number) =>
    fc.record({
      id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
      vector: fc.oneof(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
          minLength: dim,
          maxLength: dim,
        }),
        fc.float32Array({ minLength: dim, maxLength: dim, noNaN: true, noDefaultInfinity: true }),
      ),
      metadata: fc.option(
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((k) => k !== '__proto__'),
          fc.integer(),
        ),
        { nil: undefined },
      ),
    });
  const items = fc
    .integer({ min: 1, max: 9 })
    .chain((dim) => fc.array(item(dim), { minLength: 1, maxLength: 30 }));
  await fc.assert(
    fc.asyncProperty(items, async (list) => {
      const batch = unpack((await packBatch(list, options({ kind: 'upsert' }))).request, 1);
      expect(batch.ids).toEqual(list.map(({ id }) => id));
      expect(batch.vectors).toEqual(Float32Array.from(list.flatMap(({ vector }) => [...vector])));
      expect(batch.metadata).toEqual(list.map(({ metadata }) => metadata && { ...metadata }));
    }),
  );
});

test('typed arrays of another realm are vectors', async () => {
  const vector = runInNewContext('new Float32Array([1, 2])') as Float32Array;
  expect(vector instanceof Float32Array).toBe(false);
  expect([...(await packBatch([{ id: 'a', vector }], options())).vectors]).toEqual([1, 2]);
});

const good = { id: 'ok', vector: [1, 2, 3] };

test.each<[unknown, string, RegExp]>([
  [
    { id: 'a', vector: [1, 2] },
    'DIMENSION_MISMATCH',
    /item 11 \(id "a"\) has 2 numbers, expected 3/,
  ],
  [{ id: 'a' }, 'INVALID_VECTOR', /^Vector is required$/],
  [{ id: 'a', vector: [] }, 'INVALID_VECTOR', /empty/],
  [{ id: 'a', vector: [1, Number.NaN, 3] }, 'INVALID_VECTOR', /NaN \(number\) at position 1/],
  [
    { id: 'a', vector: new Float32Array([1, 2, Number.POSITIVE_INFINITY]) },
    'INVALID_VECTOR',
    /Infinity.*position 2/,
  ],
  [{ id: 'a', vector: [1e39, 2, 3] }, 'INVALID_VECTOR', /beyond float32/],
  [{ id: 'a', vector: [1, '2', 3] }, 'INVALID_VECTOR', /"2" \(string\) at position 1/],
  [
    { id: 'a', vector: Object.assign(new Array(3), [1]) },
    'INVALID_VECTOR',
    /undefined at position 1/,
  ],
  [{ id: 'a', vector: 'abc' }, 'INVALID_VECTOR', /"abc" \(string\)/],
  [{ id: 'a', vector: new BigInt64Array(3) }, 'INVALID_VECTOR', /BigInt64Array/],
  [{ id: 'a', vector: new DataView(new ArrayBuffer(12)) }, 'INVALID_VECTOR', /DataView/],
  [{ id: '', vector: [1, 2, 3] }, 'INVALID_ID', /empty/],
  [{ id: 5, vector: [1, 2, 3] }, 'INVALID_ID', /5 \(number\)/],
  [{ id: 'x\uD800', vector: [1, 2, 3] }, 'INVALID_ID', /surrogate/],
  [{ id: 'é'.repeat(513), vector: [1, 2, 3] }, 'INVALID_ID', /1024 bytes.*got 1026/],
  [{ id: 'x'.repeat(5000), vector: [1, 2, 3] }, 'INVALID_ID', /1024 bytes/],
  [
    { id: 'a', vector: [1, 2, 3], metadata: { d: new Date(0) } },
    'INVALID_METADATA',
    /Item 11 \(id "a"\): metadata at d/,
  ],
  [null, 'INVALID_ARGUMENT', /item 11/],
  ['a', 'INVALID_ARGUMENT', /item 11/],
  [[1, 2, 3], 'INVALID_ARGUMENT', /item 11/],
])('refused: case %#', async (bad, code, message) => {
  const error = await errorOf(() => packBatch([good, bad], options({ firstItem: 10 })));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.details.item).toBe(11);
});

test('an id of exactly 1024 bytes is fine; an update needs one', async () => {
  expect((await packBatch([{ ...good, id: 'é'.repeat(512) }], options())).ids[0]).toHaveLength(512);
  expect(
    (await errorOf(() => packBatch([{ metadata: {} }], options({ kind: 'update' })))).code,
  ).toBe('INVALID_ID');
});

test('large input does not hold the thread', async () => {
  const vector = Array.from({ length: 256 }, (_, i) => i / 7);
  const items = Array.from({ length: 2000 }, (_, i) => ({
    id: `item${i}`,
    vector,
    metadata: { i, text: 'some text' },
  }));
  // A slice is over when the clock was looked at a few times: so others have their turn as often as it is.
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now++);
  let turns = 0;
  let isPacking = true;
  const others = (): void => {
    turns++;
    if (isPacking) setImmediate(others);
  };
  setImmediate(others);
  try {
    await packBatch(items, options());
  } finally {
    isPacking = false;
    clock.mockRestore();
  }
  expect(turns).toBeGreaterThan(items.length / 64);
});
