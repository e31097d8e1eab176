// Callers that each wait for their answer before they ask again: alone, and while items are inserted in batches without a pause.

import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { askConcurrently } from '../lib/measure.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { buildIndex, idle, rowsOf } from '../lib/quiver.mjs';
import { count, milliseconds } from '../report/text.mjs';

const callerNumbers = [1, 4, 16, 64, 256, 1000];
const ms = 3000;
const topK = 10;
const batch = 1000;

const data = loadData({
  rows: numberOption('size', 100_000),
  dimensions: numberOption('dim', 128),
});
progress('building');
// Half is in the index; the other half is what is inserted, again and again.
const half = Math.floor(data.rows / 2);
const index = await buildIndex(join(scratch(), 'index'), data, data.items(0, half));
const queries = data.allQueries();
const ask = async (vector) => rowsOf(await index.query({ vector, topK }));
await askConcurrently(4, queries, ask, ms / 3);

const alone = [];
for (const callers of callerNumbers) {
  progress(`${callers} callers`);
  alone.push({ callers, ...(await askConcurrently(callers, queries, ask, ms)) });
}

let inserting = true;
let inserted = 0;
const insertion = (async () => {
  for (let at = half; inserting; at = at + batch < data.rows ? at + batch : half) {
    const items = data.items(at, Math.min(at + batch, data.rows));
    await index.upsertItems(items);
    inserted += items.length;
  }
})();
const during = [];
for (const callers of callerNumbers) {
  progress(`${callers} callers under a bulk insert`);
  const before = inserted;
  const from = performance.now();
  const measured = await askConcurrently(callers, queries, ask, ms);
  const insertsPerSecond = ((inserted - before) / (performance.now() - from)) * 1000;
  during.push({ callers, insertsPerSecond, ...measured });
}
inserting = false;
await insertion;
await idle(index);
await index.close();

const line = (name, results, value) => ({
  name,
  points: results.map((one) => ({
    x: one.callers,
    y: value(one),
    label: `${one.callers} callers, p50 ${milliseconds(one.p50)} ms, p99 ${milliseconds(one.p99)} ms, ${count(one.qps)} a second`,
  })),
});

export const report = {
  sections: [
    {
      title: `${data.name}, ${count(half)} × ${data.dimensions}, top ${topK}: how long a caller waits`,
      note: `${ms / 1000} s for each number of callers, default settings.`,
      chart: {
        kind: 'lines',
        xLabel: 'callers',
        yLabel: 'milliseconds',
        series: [
          line('p50 alone', alone, ({ p50 }) => p50),
          line('p99 alone', alone, ({ p99 }) => p99),
          line('p50 under inserts', during, ({ p50 }) => p50),
          line('p99 under inserts', during, ({ p99 }) => p99),
        ],
      },
      table: {
        headings: [
          'callers',
          'queries/s',
          'p50 ms',
          'p99 ms',
          'under inserts: queries/s',
          'p50 ms',
          'p99 ms',
          'inserts/s',
        ],
        rows: alone.map((one, i) => [
          count(one.callers),
          count(one.qps),
          milliseconds(one.p50),
          milliseconds(one.p99),
          count(during[i].qps),
          milliseconds(during[i].p50),
          milliseconds(during[i].p99),
          count(during[i].insertsPerSecond),
        ]),
      },
    },
    {
      title: 'Queries a second',
      chart: {
        kind: 'lines',
        xLabel: 'callers',
        yLabel: 'queries a second',
        series: [
          line('alone', alone, ({ qps }) => qps),
          line('under inserts', during, ({ qps }) => qps),
        ],
      },
    },
  ],
  figures: { data: data.name, rows: half, dimensions: data.dimensions, alone, during },
};
