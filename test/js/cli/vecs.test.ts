import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bvecs, fvecs } from '../../../js/cli/formats/vecs.ts';
import { errorOf } from '../../conformance/helpers.ts';
import { fileOf, readAll, readItems, scratchFolder } from './helpers.ts';

const folder = scratchFolder();

function fvecsFile(rows: readonly Float32Array[]): Buffer {
  return Buffer.concat(
    rows.map((row) => {
      const bytes = Buffer.alloc(4 + row.length * 4);
      bytes.writeInt32LE(row.length, 0);
      for (const [i, value] of row.entries()) bytes.writeFloatLE(value, 4 + i * 4);
      return bytes;
    }),
  );
}

function bvecsFile(rows: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    rows.map((row) => Buffer.concat([Buffer.of(row.length & 255, row.length >> 8, 0, 0), row])),
  );
}

test('rows come back as they are', async () => {
  const rows = fc.integer({ min: 1, max: 9 }).chain((length) =>
    fc.array(
      fc.float32Array({
        minLength: length,
        maxLength: length,
        noNaN: true,
        noDefaultInfinity: true,
      }),
      { maxLength: 9 },
    ),
  );
  await fc.assert(
    fc.asyncProperty(rows, async (vectors) => {
      const path = fileOf(folder, '.fvecs', fvecsFile(vectors));
      expect(await readItems(fvecs, path)).toStrictEqual(vectors.map((vector) => ({ vector })));
    }),
  );
});

test('rows of odd lengths, more than are read at once', async () => {
  for (const length of [1, 3, 128]) {
    const vectors = Array.from({ length: 300_000 / length }, (_, i) =>
      Uint8Array.from({ length }, (_, j) => (i * 7 + j) % 256),
    );
    const read = await readAll(bvecs, fileOf(folder, '.bvecs', bvecsFile(vectors)));
    expect(read).toHaveLength(vectors.length);
    expect(
      read.every(
        ({ place, item }, i) =>
          place === i && Buffer.from(item.vector).equals(vectors[i] as Uint8Array),
      ),
    ).toBe(true);
  }
});

test('an empty file has no rows', async () => {
  expect(await readItems(fvecs, fileOf(folder, '.fvecs', ''))).toEqual([]);
});

test('a cut file is refused with the row, wherever it is cut', async () => {
  const file = bvecsFile([Buffer.from('abc'), Buffer.from('def'), Buffer.from('ghi')]);
  for (let length = 1; length < file.length; length++) {
    const path = fileOf(folder, '.bvecs', file.subarray(0, length));
    if (length % 7 === 0) expect(await readItems(bvecs, path)).toHaveLength(length / 7);
    else
      expect(await errorOf(() => readItems(bvecs, path))).toMatchObject({
        code: 'CORRUPT_FILE',
        message: expect.stringMatching(new RegExp(`ends in row ${Math.floor(length / 7)}$`)),
      });
  }
});

test('another length in the middle is refused with the row', async () => {
  const file = fvecsFile([Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(5, 6, 7)]);
  expect(await errorOf(() => readItems(fvecs, fileOf(folder, '.fvecs', file)))).toMatchObject({
    code: 'CORRUPT_FILE',
    message: expect.stringContaining('row 2 has 3 numbers, those before have 2'),
  });
});

test.each([0, -1, 65537, 0x7fffffff])('a first length of %d is refused', async (length) => {
  const file = Buffer.alloc(64);
  file.writeInt32LE(length, 0);
  const error = await errorOf(() => readItems(bvecs, fileOf(folder, '.bvecs', file)));
  expect(error).toMatchObject({ code: 'CORRUPT_FILE' });
  expect(error.message).toContain(`row 0 has ${length} numbers`);
});
