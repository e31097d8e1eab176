// Quiver as this checkout built it. (The name "quiverdb" would lead to another package from here: bench/ is its own.)

import { setTimeout as pause } from 'node:timers/promises';
import { LocalIndex } from '../../dist/index.mjs';
import { options } from './options.mjs';

export { LocalIndex };

/** A new index in `folder`, for data of this kind; --backend and --durability say more. */
export async function createIndex(folder, { metric, dimensions }, more = {}) {
  const index = new LocalIndex(folder, {
    metric,
    dimensions,
    durability: options.durability ?? 'none',
    ...(options.backend && { backend: options.backend }),
    ...more,
  });
  await index.createIndex({ version: 1 });
  return index;
}

/** A new index with these items and its graph. */
export async function buildIndex(folder, data, items, more) {
  const index = await createIndex(folder, data, more);
  await index.insertItems(items, { batchSize: 1000 });
  await index.optimize();
  return index;
}

/** When the background has nothing left to do. */
export async function idle(index) {
  while (!(await index.getPerformanceMetrics()).maintenance.idle) await pause(20);
}

export const rowsOf = (results) => results.map(({ item }) => Number(item.id));
