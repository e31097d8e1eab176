// The nearest rows by comparing with every row, in JavaScript: a judge that shares no code with what it judges. All cores take
// part. What was found is kept, under a hash of all that it depends on.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { resultsFolder } from './paths.mjs';
import { progress } from './progress.mjs';

const keptIn = join(resultsFolder, 'truth');

function hashOf({ base, queries, dimensions, metric, depth, accept }) {
  const hash = createHash('sha1').update(JSON.stringify([dimensions, metric, depth]));
  for (const array of [base, queries, accept ?? new Uint8Array(0)]) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let at = 0; at < bytes.length; at += 2 ** 30)
      hash.update(bytes.subarray(at, at + 2 ** 30));
    hash.update('|');
  }
  return hash.digest('hex').slice(0, 20);
}

/** Each worker takes a part of the rows; then the parts' nearest are merged. */
async function search({ base, queries, dimensions, metric, depth, accept }) {
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

/**
 * For each query its `depth` nearest rows, nearest first; fewer where fewer rows have a 1 in `accept` (which has a byte for each
 * row; none: all).
 */
export async function exactNearest(question) {
  const file = join(keptIn, `${hashOf(question)}.json`);
  if (existsSync(file))
    return JSON.parse(readFileSync(file, 'utf8')).map((rows) => Int32Array.from(rows));
  const nearest = await search(question);
  mkdirSync(keptIn, { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(nearest.map((rows) => [...rows])));
  renameSync(`${file}.new`, file);
  return nearest;
}
