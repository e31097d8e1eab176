import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputFile } from '../../../js/cli/files/input.ts';
import { linesOf } from '../../../js/cli/files/lines.ts';
import { jsonl, vectorText } from '../../../js/cli/formats/jsonl.ts';
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
const read = (text: string | Uint8Array) => readItems(jsonl, fileOf(folder, '.jsonl', text));

describe('jsonl', () => {
  test('what is written comes back equal', async () => {
    const path = join(folder, 'round.jsonl');
    await fc.assert(
      fc.asyncProperty(storedItems(anyId), async (items) => {
        await writeAll(jsonl, path, items, { dimensions: 0, vectors: true });
        const back = await readItems(jsonl, path);
        expect(
          back.map((item) => ({ ...item, vector: Float32Array.from(item.vector) })),
        ).toStrictEqual(items.map(({ id, vector, metadata }) => ({ id, vector, metadata })));
      }),
    );
  });

  test('nine digits are enough for every float32', () => {
    const bits = fc.integer({ min: 0, max: 0xffffffff }).map((word) => {
      const [value = 0] = new Float32Array(Uint32Array.of(word).buffer);
      return Number.isFinite(value) ? value : 0.1;
    });
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 20 }), (values) => {
        const vector = Float32Array.from(values);
        expect(Float32Array.from(JSON.parse(vectorText(vector)))).toStrictEqual(vector);
      }),
      { numRuns: 1000 },
    );
    expect(vectorText(Float32Array.of(0.5, -0, 1e10, 0.1, 1.5e-42))).toBe(
      '[0.5,-0,10000000000,0.100000001,1.49938936e-42]',
    );
  });

  test('metadata inside, beside, or not there', async () => {
    expect(
      await read(
        '\ufeff{"id":"a","vector":[1],"metadata":{"x":{"y":[1]}},"norm":1}\r\n\n' +
          '{"vector":[1],"genre":"drama","year":1999}\n  \n' +
          '{"id":7,"vector":[2],"metadata":null}\n{"id":null,"vector":[3]}',
      ),
    ).toEqual([
      { id: 'a', vector: [1], metadata: { x: { y: [1] } } },
      { vector: [1], metadata: { genre: 'drama', year: 1999 } },
      { id: '7', vector: [2], metadata: null },
      { vector: [3], metadata: {} },
    ]);
  });

  test('places are the numbers of the lines', async () => {
    const items = await readAll(
      jsonl,
      fileOf(folder, '.jsonl', '\n{"vector":[]}\n\n{"vector":[]}'),
    );
    expect(items.map(({ place }) => place)).toEqual([2, 4]);
  });

  test.each([
    ['no JSON', '{}\n{"vector":[1}\n', /line 2 is no JSON: /],
    ['no object', '{}\n\n[1]\n', /line 3 is no JSON object/],
    ['null', 'null', /line 1 is no JSON object/],
    [
      'fields on both sides',
      '{"vector":[1],"metadata":{},"year":1}',
      /line 1: it has the field "year"/,
    ],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), /line 1 is not UTF-8/],
  ])('%s is refused with the line', async (_, text, message) => {
    expect(await errorOf(() => read(text))).toMatchObject({
      code: 'CORRUPT_FILE',
      message: expect.stringMatching(message),
    });
  });

  test('a list without vectors', async () => {
    const path = join(folder, 'bare.jsonl');
    const items = [{ id: 'a"b', metadata: { x: -0 }, norm: 1 }];
    await writeAll(jsonl, path, items, { dimensions: 3, vectors: false });
    expect((await readAll(jsonl, path))[0]?.item).toEqual({
      id: 'a"b',
      vector: undefined,
      metadata: { x: -0 },
    });
  });
});

describe('lines', () => {
  const lines = async (text: string, limit?: number): Promise<string[]> => {
    const file = await InputFile.open(fileOf(folder, '.txt', text));
    const found: string[] = [];
    try {
      for await (const { number, text: line } of linesOf(file, limit)) {
        found.push(line);
        expect(number).toBe(found.length);
      }
    } finally {
      await file.close();
    }
    return found;
  };

  test('are those of split, also across pieces of the file', async () => {
    const long = Array.from({ length: 50 }, (_, i) => 'é'.repeat(i * 997));
    expect(await lines(long.join('\n'))).toEqual(long);
    expect(await lines('')).toEqual([]);
    expect(await lines('a\n')).toEqual(['a']);
    expect(await lines('\ufeffa\n\ufeffb')).toEqual(['a', '\ufeffb']);
    expect(await lines('\n\na\r\nb\rc')).toEqual(['', '', 'a', 'b\rc']);
    expect(await lines(`${'x'.repeat(1 << 20)}\ny`)).toEqual(['x'.repeat(1 << 20), 'y']);
  });

  test('have an end', async () => {
    expect(await lines('12345\n12345', 5)).toEqual(['12345', '12345']);
    await expect(lines('1\n123456\n', 5)).rejects.toThrow('line 2 has more than 5 bytes');
    await expect(lines('1\n123456', 5)).rejects.toThrow('line 2 has more than 5 bytes');
    const endless = await InputFile.open(fileOf(folder, '.txt', 'x'.repeat(5 << 20)));
    await expect(linesOf(endless, 1000).next()).rejects.toThrow('line 1 has more than 1000 bytes');
    expect(endless.position).toBeLessThan(2 << 20);
    await endless.close();
  });
});
