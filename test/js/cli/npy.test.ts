import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Source } from '../../../js/cli/formats/format.ts';
import { npy } from '../../../js/cli/formats/npy.ts';
import { maxHeaderBytes, parseNpyHeader } from '../../../js/cli/formats/npy-header.ts';
import { halfToNumber } from '../../../js/cli/formats/numbers.ts';
import { WithSideFiles } from '../../../js/cli/formats/side-files.ts';
import type { FoundItem, ItemInput } from '../../../js/index.ts';
import { errorOf } from '../../conformance/helpers.ts';
import {
  anyId,
  fileOf,
  readAll,
  readItems,
  scratchFolder,
  storedItems,
  writeAll,
} from './helpers.ts';

const folder = scratchFolder();

/** A file as NumPy writes it. */
function npyFile(
  descr: string,
  shape: readonly number[],
  data: Uint8Array,
  { version = 1, order = 'False' } = {},
): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  return withHeader(
    `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${tuple}, }`,
    data,
    version,
  );
}

function withHeader(text: string, data: Uint8Array, version = 1): Buffer {
  const header = Buffer.from(`${text}\n`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(header.length, 0, length.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.from([version, 0]),
    length,
    header,
    data,
  ]);
}

const vectorsOf = async (file: Buffer): Promise<number[][]> =>
  (await readItems(npy, fileOf(folder, '.npy', file))).map(({ vector }) => [...vector]);

const refusal = async (file: Buffer): Promise<string> => {
  const error = await errorOf(() => readItems(npy, fileOf(folder, '.npy', file)));
  return `${error.code}: ${error.message.replace(/^.*?file\d+\.npy: /, '')}`;
};

const floats = (values: readonly number[], little: boolean): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries())
    little ? bytes.writeFloatLE(value, i * 4) : bytes.writeFloatBE(value, i * 4);
  return bytes;
};

describe('reading .npy', () => {
  test('every type and byte order', async () => {
    expect(await vectorsOf(npyFile('<f4', [2, 2], floats([1, -2, 0.5, 3], true)))).toEqual([
      [1, -2],
      [0.5, 3],
    ]);
    expect(await vectorsOf(npyFile('>f4', [2, 2], floats([1, -2, 0.5, 3], false)))).toEqual([
      [1, -2],
      [0.5, 3],
    ]);
    const doubles = Buffer.alloc(16);
    doubles.writeDoubleLE(0.1, 0);
    doubles.writeDoubleLE(1e300, 8);
    expect(await vectorsOf(npyFile('<f8', [1, 2], doubles))).toEqual([[0.1, 1e300]]);
    doubles.swap64();
    expect(await vectorsOf(npyFile('>f8', [1, 2], doubles))).toEqual([[0.1, 1e300]]);
    const halves = Buffer.from([0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00]);
    expect(await vectorsOf(npyFile('<f2', [3, 1], halves))).toEqual([[1], [-2], [2 ** -24]]);
    halves.swap16();
    expect(await vectorsOf(npyFile('>f2', [3, 1], halves))).toEqual([[1], [-2], [2 ** -24]]);
    const bytes = Buffer.from([0, 127, 128, 255]);
    expect(await vectorsOf(npyFile('|u1', [1, 4], bytes))).toEqual([[0, 127, 128, 255]]);
    expect(await vectorsOf(npyFile('|i1', [2, 2], bytes))).toEqual([
      [0, 127],
      [-128, -1],
    ]);
  });

  test('every version, and more rows than are read at once', async () => {
    for (const version of [1, 2, 3])
      expect(await vectorsOf(npyFile('|u1', [1, 1], Buffer.of(7), { version }))).toEqual([[7]]);
    const many = Buffer.from(Uint8Array.from({ length: 3_000_003 }, (_, i) => i % 251));
    const rows = await readAll(npy, fileOf(folder, '.npy', npyFile('|u1', [1_000_001, 3], many)));
    expect(rows).toHaveLength(1_000_001);
    expect(rows.every(({ place }, i) => place === i)).toBe(true);
    for (const row of [0, 349_525, 349_526, 1_000_000])
      expect([...(rows[row]?.item.vector ?? [])]).toEqual([...many.subarray(row * 3, row * 3 + 3)]);
  });

  test('no rows', async () => {
    expect(await vectorsOf(npyFile('<f4', [0, 0], Buffer.alloc(0)))).toEqual([]);
    expect(await vectorsOf(npyFile('<f4', [0, 5], Buffer.alloc(0)))).toEqual([]);
  });

  test('float16 is what its definition says', () => {
    expect(halfToNumber(0x7c00)).toBe(Number.POSITIVE_INFINITY);
    expect(halfToNumber(0xfc00)).toBe(Number.NEGATIVE_INFINITY);
    expect(halfToNumber(0x7e00)).toBeNaN();
    expect(halfToNumber(0x8000)).toBe(-0);
    expect(halfToNumber(0x7bff)).toBe(65504);
    expect(halfToNumber(0x0400)).toBe(2 ** -14);
    expect(halfToNumber(0x3555)).toBeCloseTo(1 / 3, 3);
  });

  test('what cannot be read is refused with the reason', async () => {
    const none = Buffer.alloc(0);
    expect(await refusal(npyFile('<f4', [1, 1], none, { order: 'True' }))).toMatch(
      /^UNSUPPORTED_FORMAT: .*fortran_order/,
    );
    for (const shape of [[], [4], [1, 2, 2]])
      expect(await refusal(npyFile('<f4', shape, Buffer.alloc(16)))).toMatch(
        /^(UNSUPPORTED_FORMAT: its shape|CORRUPT_FILE: its header)/,
      );
    for (const descr of [
      '<i4',
      '<c8',
      '|O',
      '<U3',
      '|f4',
      '!f4',
      'f4',
      '',
      '<',
      '<f16',
      '<toString',
    ])
      expect(await refusal(npyFile(descr, [1, 1], Buffer.alloc(4)))).toMatch(
        /^UNSUPPORTED_FORMAT: its numbers are/,
      );
    expect(await refusal(npyFile('|u1', [1, 65537], Buffer.alloc(65537)))).toMatch(
      /^UNSUPPORTED_FORMAT: its vectors have 65537/,
    );
    expect(await refusal(npyFile('|u1', [1, 0], none))).toMatch(
      /^UNSUPPORTED_FORMAT: .* 0 numbers/,
    );
    expect(await refusal(npyFile('|u1', [1, 1], Buffer.of(1), { version: 4 }))).toMatch(
      /^UNSUPPORTED_FORMAT: its version is 4/,
    );
    expect(await refusal(Buffer.from('PK\x03\x04 an .npz file'))).toMatch(/^CORRUPT_FILE/);
  });

  test('a shape that is not that of the data is refused, however large', async () => {
    for (const shape of [
      [3, 2],
      [1, 2],
      [2, 1],
      [9007199254740991, 65536],
      [2 ** 50, 2 ** 14],
      [4294967298, 2],
    ])
      expect(await refusal(npyFile('<f4', shape, Buffer.alloc(16)))).toMatch(
        /^(CORRUPT_FILE: its header promises|UNSUPPORTED)/,
      );
    expect(await refusal(npyFile('<f4', [2 ** 53, 1], Buffer.alloc(16)))).toMatch(/too large/);
  });

  test('a header is as long as it says, within bounds', async () => {
    const file = npyFile('|u1', [1, 1], Buffer.of(7));
    for (let length = 0; length < file.length; length++)
      expect(await refusal(file.subarray(0, length))).toMatch(/^CORRUPT_FILE/);
    const long = npyFile('|u1', [1, 1], Buffer.of(7), { version: 2 });
    long.writeUInt32LE(0xffffffff, 8);
    expect(await refusal(long)).toContain(`at most ${maxHeaderBytes}`);
    long.writeUInt32LE(maxHeaderBytes, 8);
    expect(await refusal(long)).toContain('it ends in its header');
  });

  test.each([
    ['nothing', ''],
    ['no dictionary', '[1, 2]'],
    ['a missing entry', "{'descr': '<f4', 'fortran_order': False, }"],
    ['one more entry', "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), 'x': (1,), }"],
    ['an entry twice', "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}"],
    ['a negative number', "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1)}"],
    ['a list of fields', "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1)}"],
    ['something behind it', "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)} + x"],
    ['a call', "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1, 1)}"],
    ['a wrong kind', "{'descr': False, 'fortran_order': '<f4', 'shape': (1, 1)}"],
  ])('a header with %s is refused', async (_, text) => {
    expect(await refusal(withHeader(text, Buffer.alloc(4)))).toMatch(/^CORRUPT_FILE: its header/);
  });

  test('headers of other writers are read', () => {
    const expected = { descr: '<f4', fortranOrder: false, shape: [3, 4] };
    for (const text of [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n",
      "{'shape': (3L, 4L), 'fortran_order': False, 'descr': '<f4'}",
      '{"descr":"<f4","fortran_order":False,"shape":(3,4)}',
    ])
      expect(parseNpyHeader(text)).toEqual(expected);
  });

  test('any header is answered, quickly and without a throw', () => {
    const pieces = fc.constantFrom(
      "'descr'",
      "'shape'",
      ':',
      ',',
      '(',
      ')',
      '{',
      '}',
      '1',
      'True',
      "'",
      ' ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
        ),
        (text) => {
          const parsed = parseNpyHeader(text);
          expect(typeof parsed === 'string' || parsed.shape.every(Number.isSafeInteger)).toBe(true);
        },
      ),
    );
    const start = performance.now();
    expect(parseNpyHeader(`{'shape': (${'1 '.repeat(30_000)}`)).toContain('cannot be read');
    expect(parseNpyHeader(`{'shape': (${'1,'.repeat(30_000)}`)).toContain('cannot be read');
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('a changed byte is refused or read as another number, never more', async () => {
    const file = npyFile('<f4', [3, 2], floats([1, 2, 3, 4, 5, 6], true));
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.nat(255), async (at, value) => {
        const changed = Buffer.from(file);
        changed[at] = value;
        const path = fileOf(folder, '.npy', changed);
        try {
          const items = await readItems(npy, path);
          expect(items.reduce((sum, { vector }) => sum + vector.length, 0)).toBeLessThanOrEqual(24);
        } catch (error) {
          expect(error).toMatchObject({
            code: expect.stringMatching(/^(CORRUPT_FILE|UNSUPPORTED_FORMAT)$/),
          });
        }
      }),
    );
  });
});

describe('writing .npy', () => {
  const plainId = anyId.filter((id) => !/[\r\n]/.test(id));

  test('what is written comes back equal, with its ids and metadata', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(storedItems(plainId), async (items) => {
        const stem = join(folder, `round${round++}`);
        const dimensions = items[0]?.vector?.length ?? 0;
        await writeAll(npy, `${stem}.npy`, items, { dimensions, vectors: true });
        const source = await WithSideFiles.open((await npy.read?.(`${stem}.npy`)) as Source, {
          ids: `${stem}.ids.txt`,
          metadata: `${stem}.metadata.jsonl`,
        });
        const back: ItemInput[] = [];
        for await (const { item } of source.items()) back.push(item);
        await source.close();
        expect(back).toStrictEqual(
          items.map(({ id, vector, metadata }) => ({ id, vector, metadata })),
        );
      }),
    );
  });

  const item = (id: string): FoundItem => ({
    id,
    vector: Float32Array.of(1, 2),
    metadata: {},
    norm: 1,
  });

  test('the header is as NumPy has it', async () => {
    const path = join(folder, 'header.npy');
    await writeAll(npy, path, [item('a'), item('b'), item('c')], { dimensions: 2, vectors: true });
    const bytes = readFileSync(path);
    expect(bytes).toHaveLength(128 + 24);
    expect(bytes.toString('latin1', 0, 128)).toBe(
      `${`\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }`.padEnd(127)}\n`,
    );
  });

  test('a first id that begins with a byte-order mark keeps it', async () => {
    const stem = join(folder, 'marked');
    const ids = ['\ufeffa', '\ufeffb'];
    await writeAll(npy, `${stem}.npy`, ids.map(item), { dimensions: 2, vectors: true });
    const source = await WithSideFiles.open((await npy.read?.(`${stem}.npy`)) as Source, {
      ids: `${stem}.ids.txt`,
    });
    const back: unknown[] = [];
    for await (const { item } of source.items()) back.push(item.id);
    await source.close();
    expect(back).toEqual(ids);
  });

  test('an id with a line break is refused, and nothing is left', async () => {
    const path = join(folder, 'breaks.npy');
    for (const id of ['a\nb', 'a\r']) {
      const writing = writeAll(npy, path, [item('fine'), item(id)], {
        dimensions: 2,
        vectors: true,
      });
      expect((await errorOf(() => writing)).code).toBe('INVALID_ID');
    }
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith('breaks'))).toEqual([]);
  });

  test('.npy without vectors is wrong usage', async () => {
    const path = join(folder, 'none.npy');
    const error = await errorOf(() => npy.write?.(path, { dimensions: 2, vectors: false }));
    expect(error.name).toBe('UsageError');
  });
});

describe('files beside', () => {
  const vectors = npyFile('|u1', [2, 1], Buffer.of(1, 2));
  const read = async (files: { ids?: string; metadata?: string }): Promise<ItemInput[]> => {
    const path = fileOf(folder, '.npy', vectors);
    const source = await WithSideFiles.open((await npy.read?.(path)) as Source, {
      ids: files.ids === undefined ? undefined : fileOf(folder, '.txt', files.ids),
      metadata: files.metadata === undefined ? undefined : fileOf(folder, '.jsonl', files.metadata),
    });
    const items: ItemInput[] = [];
    try {
      for await (const { item } of source.items()) items.push(item);
    } finally {
      await source.close();
    }
    return items;
  };

  test('go row by row', async () => {
    expect(await read({ ids: '\ufeffa\r\nb c\r\n', metadata: '{"x":1}\n{"x":-0}' })).toEqual([
      { id: 'a', vector: Float32Array.of(1), metadata: { x: 1 } },
      { id: 'b c', vector: Float32Array.of(2), metadata: { x: -0 } },
    ]);
  });

  test.each([
    ['a missing line', { ids: 'a\n' }, /has 1 lines, but the vectors go on with row 1/],
    ['a line too many', { ids: 'a\nb\nc' }, /goes on with line 3/],
    ['an empty id', { ids: '\nb\n' }, /line 1 is empty/],
    ['metadata that is no object', { metadata: '{}\n[1]\n' }, /line 2 is no JSON object/],
    ['metadata that is no JSON', { metadata: '{}\n{\n' }, /line 2 is no JSON: /],
  ])('%s is refused', async (_, files, message) => {
    expect((await errorOf(() => read(files))).message).toMatch(message);
  });
});
