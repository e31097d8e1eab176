// How fast are durable inserts acknowledged, and how long does the JavaScript thread stall meanwhile?
//   node bench/insert.mjs [--data DIR] [--backend native|wasm] [--rows N]

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { LocalIndex } from 'quiverdb';
import { options, sift } from './data.mjs';

const data = sift();
const items = data.items(Number(options.rows ?? data.rows));
const folder = mkdtempSync(join(tmpdir(), 'quiver-insert-'));
const delay = monitorEventLoopDelay({ resolution: 1 });
const stall = () =>
  `longest stall ${(delay.max / 1e6).toFixed(1)} ms, p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`;

const index = new LocalIndex(folder, {
  dimensions: data.dimensions,
  metric: data.metric,
  durability: 'sync',
  ...(options.backend && { backend: options.backend }),
});
await index.createIndex({ version: 1 });
await pause(200);

delay.enable();
let started = performance.now();
for (let first = 0; first < items.length; first += 1000) {
  await index.insertItems(items.slice(first, first + 1000));
}
const seconds = (performance.now() - started) / 1000;
console.log(
  `insert ${items.length} × ${data.dimensions}, batches of 1,000, sync: ${(items.length / seconds).toFixed(0)} items/s, ${stall()}`,
);

delay.reset();
started = performance.now();
await index.optimize();
const buildSeconds = (performance.now() - started) / 1000;
console.log(
  `build the graph: ${buildSeconds.toFixed(1)} s (${(items.length / buildSeconds).toFixed(0)} items/s), ${stall()}`,
);
delay.disable();
await index.close();
rmSync(folder, { recursive: true, force: true });
