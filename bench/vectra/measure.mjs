// node bench/vectra/measure.mjs <vectra|quiver> [items dimensions]: one library in one process, one line of JSON.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const [name, items = '10000', dimensions = '384'] = process.argv.slice(2);
const module = name === 'quiver' ? '../../dist/vectra.mjs' : 'vectra';
const { LocalIndex } = await import(module);
const [count, length] = [Number(items), Number(dimensions)];

const folder = mkdtempSync(join(tmpdir(), 'vectra-measure-'));
const results = { name, items: count, dimensions: length };

let state = 42;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
};
const vector = () => Array.from({ length }, random);
const item = (number) => ({
  id: `item-${number}`,
  vector: vector(),
  metadata: { group: number % 100, name: `item ${number}` },
});

async function timed(label, task, runs = 1) {
  const times = [];
  let value;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    value = await task(run);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  results[`${label}_ms`] = Number(times[times.length >> 1].toFixed(3));
  return value;
}

/** The longest time for which the event loop stood still. */
async function stall(label, task) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await task();
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.disable();
  results[`${label}_stall_ms`] = Number((delay.max / 1e6).toFixed(1));
}

try {
  const index = new LocalIndex(folder);
  await index.createIndex({ version: 1, deleteIfExists: true });
  const all = Array.from({ length: count }, (_, number) => item(number));
  try {
    await stall('batch', () => timed('batch', () => index.batchInsertItems(all)));
    results.file_mb = Number((statSync(join(folder, 'index.json')).size / 1e6).toFixed(1));
    const queries = Array.from({ length: 20 }, vector);
    await stall('insert', () =>
      timed('insert', (run) => index.insertItem(item(count + run)), name === 'quiver' ? 50 : 3),
    );
    await timed('query', (run) => index.queryItems(queries[run % 20], '', 10), 40);
    await timed(
      'filtered',
      (run) => index.queryItems(queries[run % 20], '', 10, { group: { $lt: 10 } }),
      40,
    );
    const again = new LocalIndex(folder);
    await timed('load', () => again.getIndexStats());
  } catch (error) {
    results.error = String(error);
  }
  results.rss_mb = Math.round(process.memoryUsage.rss() / 1e6);
  console.log(JSON.stringify(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
