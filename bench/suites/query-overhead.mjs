// What does a query cost beside the search itself?
//   node bench/query-overhead.mjs [--data DIR]
// "synchronous" is what the JavaScript thread works for a query: packing the argument, decoding the result, the call.
// "latency" is the whole awaited call; it also holds two changes of thread, which are the operating system's.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalIndex } from 'quiverdb';
import { median, wordnet } from './data.mjs';

const rounds = 9;
const queriesInRound = 5000; // the first rounds are also those in which the JavaScript engine compiles the path
const data = wordnet();
const folder = mkdtempSync(join(tmpdir(), 'quiver-overhead-'));
const index = new LocalIndex(folder, {
  dimensions: data.dimensions,
  metric: data.metric,
  durability: 'none',
});
await index.createIndex({ version: 1 });
await index.insertItems(data.items(), { batchSize: 1000 });
await index.optimize();

async function totals() {
  const { queries, queryTimeTotal } = await index.getPerformanceMetrics();
  return { queries, core: queryTimeTotal };
}

const synchronous = [];
const latencies = [];
const cores = [];
for (let round = 0; round < rounds; round++) {
  const before = await totals();
  const cpu = performance.eventLoopUtilization();
  const started = performance.now();
  for (let i = 0; i < queriesInRound; i++) {
    await index.query({ vector: data.query(i % data.queries), topK: 10 });
  }
  const wall = performance.now() - started;
  const active = performance.eventLoopUtilization(cpu).active;
  const after = await totals();
  synchronous.push((active / queriesInRound) * 1000);
  latencies.push((wall / queriesInRound) * 1000);
  cores.push(((after.core - before.core) / queriesInRound) * 1000);
}
const core = median(cores);
console.log(`search in the core   ${core.toFixed(1)} µs`);
console.log(
  `JavaScript thread    ${median(synchronous).toFixed(1)} µs synchronous work a query (first round ${synchronous[0].toFixed(1)} µs)`,
);
console.log(
  `whole awaited call   ${median(latencies).toFixed(1)} µs (${(median(latencies) - core).toFixed(1)} µs above the core)`,
);
await index.close();
rmSync(folder, { recursive: true, force: true });
