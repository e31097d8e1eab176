// The nearest rows by comparing with every row, in JavaScript: a judge that shares no code with what it judges. All cores take
// part.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { progress } from './progress.mjs';

/**
 * For each query its `depth` nearest rows, nearest first, rows of equal distance in their order; fewer where fewer rows have a 1 in
 * `accept` (a byte for each row; undefined: all). Each worker takes a part of the rows; then the parts' nearest are merged.
 */
export async function searchExactly({ base, queries, dimensions, metric, depth, accept }) {
  const rows = base.length / dimensions;
  const count = queries.length / dimensions;
  const workers = Math.min(availableParallelism(), Math.ceil(rows / 1000));
  const share = Math.ceil(rows / workers);
  let done = 0;
  const parts = await Promise.all(
    Array.from({ length: workers }, (_, i) => {
      const from = i * share;
      const to = Math.min(rows, from + share);
      const worker = new Worker(new URL('exact-worker.mjs', import.meta.url), {
        workerData: {
          base: base.slice(from * dimensions, to * dimensions),
          accept: accept?.slice(from, to),
          queries,
          dimensions,
          metric,
          depth,
          from,
        },
      });
      return new Promise((resolve, reject) => {
        worker.on('error', reject);
        worker.on('message', (message) => {
          if (message.distances) return resolve(message);
          done += message.rows;
          progress(`exact search: ${Math.round((done / rows) * 100)}%`);
        });
      });
    }),
  );
  const nearest = [];
  for (let q = 0; q < count; q++) {
    const all = parts.flatMap(({ distances, found, counts }) =>
      Array.from({ length: counts[q] }, (_, i) => [distances[q * depth + i], found[q * depth + i]]),
    );
    all.sort(([a, x], [b, y]) => a - b || x - y);
    nearest.push(Int32Array.from(all.slice(0, depth), ([, row]) => row));
  }
  return nearest;
}
