// The life of one index in processes that have done nothing else, and what they hold after each stage: JSON in, JSON out
// (inFreshProcess). One makes the index, another opens it. Vectors are read from a file batch by batch, so that they are not in
// memory beside the index.

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { folderSize, memory } from './measure.mjs';

const {
  command,
  folder,
  data,
  rows,
  backend,
  queries: asked,
} = JSON.parse(readFileSync(0, 'utf8'));
const { dimensions, metric } = data;
const batch = 1000;
const stages = [];
let index;

async function stage(name, task) {
  await task?.();
  global.gc();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { resident, own } = memory();
  const metrics = index && (await index.getPerformanceMetrics());
  stages.push({
    name,
    heapUsed,
    external,
    arrayBuffers,
    resident,
    own,
    grown: resident - (stages[0]?.resident ?? resident),
    index: metrics?.memory,
    disk: index ? folderSize(folder).bytes : 0,
  });
}

function reader(path) {
  const file = openSync(path);
  return {
    read(first, count) {
      const vectors = new Float32Array(count * dimensions);
      readSync(file, vectors, 0, vectors.byteLength, first * dimensions * 4);
      return Array.from({ length: count }, (_, i) =>
        vectors.subarray(i * dimensions, (i + 1) * dimensions),
      );
    },
    close: () => closeSync(file),
  };
}

const base = reader(data.base);
const queries = reader(data.queries);
const ask = async () => {
  for (const vector of queries.read(0, asked)) await index.query({ vector, topK: 10 });
};

const { LocalIndex } = await import('../../dist/index.mjs');
await stage('package loaded');
async function make() {
  await stage('created', async () => {
    index = new LocalIndex(folder, { metric, dimensions, durability: 'none', backend });
    await index.createIndex({ version: 1 });
  });
  await stage('inserted', async () => {
    for (let first = 0; first < rows; first += batch) {
      const vectors = base.read(first, Math.min(batch, rows - first));
      await index.insertItems(
        vectors.map((vector, i) => ({
          id: String(first + i),
          vector,
          metadata: { row: first + i },
        })),
      );
    }
  });
  await stage('queried', ask);
  await stage('optimized', () => index.optimize());
  await stage('queried again', ask);
}

async function open() {
  await stage('opened by another process', async () => {
    index = new LocalIndex(folder, { readOnly: true, backend });
    await index.refresh();
  });
  await stage('queried there', ask);
}

await { make, open }[command]();
await index.close();
base.close();
queries.close();
process.stdout.write(`\n${JSON.stringify(stages)}\n`);
