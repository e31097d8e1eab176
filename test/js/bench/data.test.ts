import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { syntheticVectors } from '../../../bench/lib/synthetic.mjs';
import { readVecs, readVectors } from '../../../bench/lib/vector-files.mjs';

const folder = mkdtempSync(join(tmpdir(), 'quiver-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, ...parts: ArrayBufferView[]): string {
  const path = join(folder, name);
  const bytes = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
  writeFileSync(path, Buffer.concat(bytes));
  return path;
}

const words = (...values: number[]) => Int32Array.from(values);
const floats = (...values: number[]) => Float32Array.from(values);
const npy = (header: string) => {
  const padded = header.padEnd(117);
  return Buffer.from(
    `\x93NUMPY\x01\x00${String.fromCharCode(padded.length + 1, 0)}${padded}\n`,
    'latin1',
  );
};

describe('files of vectors', () => {
  const two = { all: floats(1, 2, 3, 4, 5, 6), dimensions: 3 };

  test('.fvecs', () => {
    const path = file('a.fvecs', words(3), floats(1, 2, 3), words(3), floats(4, 5, 6));
    expect(readVectors(path)).toEqual(two);
  });

  test('.npy', () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    expect(readVectors(file('a.npy', npy(header), floats(1, 2, 3, 4, 5, 6)))).toEqual(two);
    const halves = "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 3), }";
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x3800);
    expect(readVectors(file('h.npy', npy(halves), bits)).all).toEqual(floats(1, -2, 0.5));
  });

  test('.u8bin', () => {
    const path = file('a.u8bin', words(2, 3), Uint8Array.of(1, 2, 3, 4, 5, 6));
    expect(readVectors(path)).toEqual(two);
  });

  test('.ivecs, for the nearest rows', () => {
    const path = file('a.ivecs', words(2, 7, 8, 2, 9, -1));
    expect(readVecs(path, Int32Array)).toEqual({ all: words(7, 8, 9, -1), dimensions: 2 });
  });

  test('what is no such file is refused by name', () => {
    const cut = file('cut.fvecs', words(3), floats(1, 2));
    const uneven = file('uneven.fvecs', words(1), floats(1), words(2), floats(1));
    const short = file('short.u8bin', words(2, 3), Uint8Array.of(1, 2, 3));
    const text = file('text.npy', Buffer.from('no array at all'));
    const column = "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 3), }";
    const order = file('order.npy', npy(column), floats(1, 2, 3));
    const few = "{'descr': '<f4', 'fortran_order': False, 'shape': (9, 3), }";
    const missing = file('missing.npy', npy(few), floats(1, 2, 3));
    for (const path of [cut, uneven, short, text, order, missing])
      expect(() => readVectors(path)).toThrow(path);
    expect(() => readVectors('vectors.csv')).toThrow('vectors.csv');
  });
});

test('synthetic vectors are the same for a seed, and lie in clusters', () => {
  const make = (seed: number) => syntheticVectors({ rows: 40, dimensions: 32, seed, clusters: 2 });
  const all = make(1);
  expect(make(1)).toEqual(all);
  expect(make(2)).not.toEqual(all);
  const distance = (a: number, b: number) => {
    let sum = 0;
    for (let d = 0; d < 32; d++) sum += (all[a * 32 + d]! - all[b * 32 + d]!) ** 2;
    return sum;
  };
  const toFirst = Array.from({ length: 39 }, (_, i) => distance(0, i + 1)).sort((a, b) => a - b);
  expect(toFirst.at(-1)! / toFirst[0]!).toBeGreaterThan(2);
});
