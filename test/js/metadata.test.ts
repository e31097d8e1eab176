import { runInNewContext } from 'node:vm';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../js/wire/byte-writer.ts';
import { packFilter } from '../../js/wire/filter.ts';
import { readMetadata as readBetween, writeMetadata } from '../../js/wire/metadata.ts';
import { readValue, ValueReader } from '../../js/wire/msgpack-reader.ts';
import { errorOf } from '../conformance/helpers.ts';

const readMetadata = (bytes: Uint8Array): Record<string, unknown> =>
  readBetween(new ValueReader(bytes), 0, bytes.length);

function pack(metadata: unknown): Uint8Array {
  const writer = new ByteWriter();
  writeMetadata(writer, metadata, 3, 'a');
  return writer.bytes;
}

const key = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__');
const { tree } = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
  ),
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 20 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 20, noNullPrototype: true }),
  ),
}));
const metadata = fc.dictionary(key, tree, { noNullPrototype: true });

test('metadata comes back exactly as it was', () => {
  fc.assert(
    fc.property(metadata, (value) => {
      expect(readMetadata(pack(value))).toStrictEqual(value);
    }),
  );
});

test('what is written is MessagePack, as another implementation reads and writes it', () => {
  const plain = fc
    .json()
    .map((text) => ({ value: JSON.parse(text.replaceAll('__proto__', 'proto')) as unknown }));
  fc.assert(
    fc.property(plain, (value) => {
      expect(decode(pack(value))).toEqual(decode(encode(value)));
      expect(readMetadata(encode(value))).toEqual(value);
    }),
  );
});

test('lengths at the borders of every form', () => {
  for (const length of [0, 1, 15, 16, 31, 32, 85, 86, 255, 256, 21845, 21846, 65535, 65536]) {
    const value = {
      text: 'x'.repeat(length),
      wide: 'é\uFEFF😀'.repeat(length),
      list: new Array(length).fill(1),
      map: Object.fromEntries(Array.from({ length }, (_, i) => [`k${i}`, i])),
    };
    expect(readMetadata(pack(value))).toStrictEqual(value);
  }
  for (const number of [
    0,
    -0,
    127,
    128,
    255,
    256,
    65535,
    65536,
    2 ** 32 - 1,
    2 ** 32,
    -1,
    -32,
    -33,
    -128,
    -129,
    -32768,
    -32769,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 53,
    -(2 ** 53),
    5e-324,
    1.7976931348623157e308,
  ])
    expect(Object.is(readMetadata(pack({ number }))['number'], number)).toBe(true);
});

test('a byte order mark is text like any other', () => {
  const value = { short: '\uFEFFa', long: `\uFEFF${'a'.repeat(1000)}` };
  expect(readMetadata(pack(value))).toStrictEqual(value);
});

test('keys that look alike are told apart, however often they come', () => {
  const names = ['', 'a', 'aa', 'é', 'aéa', `${'a'.repeat(33)}`, '0', '1', '__proto'];
  for (const middle of '0123456789') names.push(`a${middle}mm${middle}a`, `a${middle}m_${middle}a`);
  for (let round = 0; round < 3; round++) {
    for (const name of names) {
      const value = { [name]: { [name]: round } };
      expect(readMetadata(pack(value))).toStrictEqual(value);
    }
  }
  expect(readMetadata(pack({ '': 1, ' ': 2 }))).toStrictEqual({ '': 1, ' ': 2 });
});

test('undefined properties are left out, at any level', () => {
  expect(
    readMetadata(pack({ a: undefined, b: { c: undefined, d: 1 }, e: undefined })),
  ).toStrictEqual({ b: { d: 1 } });
  const many = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`k${i}`, i % 2 ? i : undefined]),
  );
  expect(readMetadata(pack(many))).toStrictEqual(JSON.parse(JSON.stringify(many)));
});

test('objects of another realm are plain objects', () => {
  expect(readMetadata(pack(runInNewContext('({ a: [1, { b: "c" }] })')))).toEqual({
    a: [1, { b: 'c' }],
  });
  expect(readMetadata(pack(Object.assign(Object.create(null), { a: 1 })))).toEqual({ a: 1 });
});

class Point {
  x = 1;
}
const cycle: Record<string, unknown> = {};
cycle['self'] = { cycle };
let deep: unknown = 1;
for (let i = 0; i < 33; i++) deep = [deep];

test.each<[unknown, string]>([
  [{ a: { b: [0, () => 1] } }, 'a.b[1]'],
  [{ a: Symbol('x') }, 'a'],
  [{ a: 1n }, 'a'],
  [{ a: Number.NaN }, 'a'],
  [{ a: [Number.POSITIVE_INFINITY] }, 'a[0]'],
  [{ a: [undefined] }, 'a[0]'],
  [{ when: new Date(0) }, 'when'],
  [{ a: new Map() }, 'a'],
  [{ a: new Point() }, 'a'],
  [{ a: new Uint8Array(2) }, 'a'],
  [{ a: 'x\uD800' }, 'a'],
  [{ a: `${'x'.repeat(100)}\uDC00x` }, 'a'],
  [{ a: { 'x\uD800': 1 } }, 'a.x\uD800'],
  [{ a: JSON.parse('{"__proto__": 1}') }, 'a.__proto__'],
  [new Point(), ''],
  [[1], ''],
  ['text', ''],
])('refused with its path: case %#', async (value, path) => {
  const error = await errorOf(() => pack(value));
  expect(error.code).toBe('INVALID_METADATA');
  expect(error.details).toEqual({ item: 3, id: 'a', path });
  expect(error.message).toContain('Item 3 (id "a")');
});

test('cycles and depth are refused, 32 levels are not', async () => {
  expect((await errorOf(() => pack(cycle))).message).toContain('contains itself');
  expect((await errorOf(() => pack({ deep }))).code).toBe('INVALID_METADATA');
  let value: unknown = 1;
  for (let i = 0; i < 31; i++) value = [value];
  expect(readMetadata(pack({ value }))).toEqual({ value });
});

test('a Date is refused with what to do', async () => {
  expect((await errorOf(() => pack({ when: new Date(0) }))).message).toContain('toISOString()');
});

test('bytes that are cut or of unknown type are CORRUPT_FILE, never anything else', async () => {
  const good = pack({ a: [1, 'text', { b: 2.5 }], c: 'x'.repeat(300) });
  for (let end = 2; end < good.length; end++)
    expect((await errorOf(() => readValue(good.subarray(0, end)))).code).toBe('CORRUPT_FILE');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        readValue(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'CORRUPT_FILE' });
      }
    }),
  );
});

test('filters: none is empty, undefined is refused because it would widen the result', async () => {
  expect(packFilter(undefined)).toHaveLength(0);
  expect(packFilter(null)).toHaveLength(0);
  expect(decode(packFilter({ a: { $in: [1, 'b'] } }))).toEqual({ a: { $in: [1, 'b'] } });
  expect(await errorOf(() => packFilter({ a: undefined }))).toMatchObject({
    code: 'INVALID_FILTER',
    details: { path: 'a' },
  });
  expect((await errorOf(() => packFilter({ $or: [{ a: Number.NaN }] }))).details.path).toBe(
    '$or[0].a',
  );
  for (const wrong of ['x', [], 5, new Date()])
    expect((await errorOf(() => packFilter(wrong))).code).toBe('INVALID_FILTER');
});
