// The judge of every recall, against the plainest way of asking the same.
import { expect, test } from 'vitest';
import { searchExactly } from '../../../bench/lib/exact.mjs';
import { randomFrom } from '../../../bench/lib/statistics.mjs';

const dimensions = 5;
const rows = 3000; // so many that two workers share them
const random = randomFrom(3);
const vectors = (count: number) =>
  Float32Array.from({ length: count * dimensions }, () => random() - 0.3);
const base = vectors(rows);
const queries = vectors(7);
const row = (all: Float32Array, i: number) => all.subarray(i * dimensions, (i + 1) * dimensions);

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
const distances: Record<string, (a: Float32Array, query: Float32Array) => number> = {
  l2: (a, query) => a.reduce((sum, x, d) => sum + (x - query[d]!) ** 2, 0),
  ip: (a, query) => -dot(a, query),
  cosine: (a, query) => -dot(a, query) / Math.sqrt(dot(a, a)),
};

function plainly(metric: string, depth: number, accept?: Uint8Array): number[][] {
  return Array.from({ length: 7 }, (_, q) =>
    Array.from({ length: rows }, (_, i) => [distances[metric]!(row(base, i), row(queries, q)), i])
      .filter(([, i]) => accept === undefined || accept[i!] === 1)
      .sort(([a, i], [b, j]) => a! - b! || i! - j!)
      .slice(0, depth)
      .map(([, i]) => i!),
  );
}

async function exactly(metric: string, depth: number, accept?: Uint8Array): Promise<number[][]> {
  const found = await searchExactly({ base, queries, dimensions, metric, depth, accept });
  return found.map((one) => [...one]);
}

test.each(['l2', 'ip', 'cosine'])('%s: the nearest rows, nearest first', async (metric) => {
  expect(await exactly(metric, 20)).toEqual(plainly(metric, 20));
});

test('only accepted rows, and fewer than asked for where there are no more', async () => {
  const accept = Uint8Array.from({ length: rows }, (_, i) => (i % 300 === 7 ? 1 : 0));
  const found = await exactly('l2', 20, accept);
  expect(found).toEqual(plainly('l2', 20, accept));
  expect(found[0]).toHaveLength(10);
});

test('equal distances go by row', async () => {
  const same = new Float32Array(10 * dimensions).fill(1);
  const question = { base: same, queries, dimensions, metric: 'l2', depth: 3, accept: undefined };
  const found = await searchExactly(question);
  expect([...found[0]!]).toEqual([0, 1, 2]);
});
