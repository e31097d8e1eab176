// The longest time for which the JavaScript thread does nothing else, of both engines: while items are inserted, while the graph
// is built in the background, and while queries are asked.

import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { withStalls } from '../lib/measure.mjs';
import { numberOption, options } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { createIndex } from '../lib/quiver.mjs';
import { count, milliseconds } from '../report/text.mjs';

const batch = 1000;
const durability = options.durability ?? 'sync';
const data = loadData({
  rows: numberOption('size', 200_000),
  dimensions: numberOption('dim', 128),
  preferred: ['sift200k'],
});
const folder = scratch();

async function measure(backend) {
  const index = await createIndex(join(folder, backend), data, { backend, durability });
  const items = data.items();
  const step = async (what, task) => {
    progress(`${backend}: ${what}`);
    return { backend, what, ...(await withStalls(task)) };
  };
  const steps = [
    await step('insert', async () => {
      for (let from = 0; from < items.length; from += batch)
        await index.insertItems(items.slice(from, from + batch));
    }),
    await step('build the graph', () => index.optimize()),
    await step('1,000 queries', async () => {
      for (let i = 0; i < 1000; i++)
        await index.query({ vector: data.query(i % data.queries), topK: 10 });
    }),
  ];
  await index.close();
  return steps;
}

const results = [];
for (const backend of options.backend ? [options.backend] : ['native', 'wasm'])
  results.push(...(await measure(backend)));

export const report = {
  sections: [
    {
      title: `${data.name}: ${count(data.rows)} × ${data.dimensions}, batches of ${count(batch)}, durability ${durability}`,
      note: 'A timer of 1 ms says how late it is.',
      chart: {
        kind: 'bars',
        label: 'longest stall in milliseconds',
        bars: results.map(({ backend, what, stallMs }) => ({
          name: `${backend}: ${what}`,
          value: stallMs,
          text: `${milliseconds(stallMs)} ms`,
        })),
      },
      table: {
        headings: ['', 'longest stall ms', 'p99 ms', 'took s'],
        rows: results.map(({ backend, what, stallMs, stallP99Ms, ms }) => [
          `${backend}: ${what}`,
          milliseconds(stallMs),
          milliseconds(stallP99Ms),
          (ms / 1000).toFixed(2),
        ]),
      },
    },
  ],
  figures: { data: data.name, rows: data.rows, dimensions: data.dimensions, durability, results },
};
