// Queries without a filter, with a comparison of one field, and with a filter of several fields, which take from every item to
// one of a thousand. Recall is of the exact nearest among the items that the filter takes.

import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { askAll } from '../lib/measure.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { buildIndex, rowsOf } from '../lib/quiver.mjs';
import { randomFrom } from '../lib/statistics.mjs';
import { count, fixed, milliseconds } from '../report/text.mjs';

const topK = 10;
const selectivities = [0.5, 0.1, 0.01, 0.001];
const groups = 10_000; // a comparison of `place` takes any share of the items
const colours = ['red', 'green', 'blue', 'grey'];
const mostMs = 10_000;
const mostQueries = 500;

const whole = loadData({
  rows: numberOption('size', 100_000),
  dimensions: numberOption('dim', 128),
});
const data = whole.part(whole.rows, Math.min(whole.queries, mostQueries));
const random = randomFrom(7);
const described = Array.from({ length: data.rows }, () => ({
  place: Math.floor(random() * groups),
  shop: { colour: colours[Math.floor(random() * colours.length)], open: random() < 0.5 },
  tags: [`t${Math.floor(random() * 5)}`, `t${Math.floor(random() * 5)}`],
}));

/** Each with the same filter in JavaScript, which decides what is right. */
const filters = [
  { name: 'none', kind: 'none', filter: undefined, takes: () => true },
  ...selectivities.map((share) => ({
    name: `simple, ${share * 100}%`,
    kind: 'simple',
    filter: { place: { $lt: share * groups } },
    takes: ({ place }) => place < share * groups,
  })),
  ...selectivities.map((share) => {
    // The other conditions take about 0.45 of the items; the table has the exact number.
    const limit = Math.min(groups, (share / 0.45) * groups);
    return {
      name: `complex, about ${share * 100}%`,
      kind: 'complex',
      filter: {
        $and: [
          { place: { $lt: limit } },
          { $or: [{ 'shop.colour': { $in: ['red', 'blue'] } }, { tags: { $contains: 't3' } }] },
          { $not: { 'shop.open': true, tags: { $contains: 't1' } } },
        ],
      },
      takes: ({ place, shop, tags }) =>
        place < limit &&
        (shop.colour === 'red' || shop.colour === 'blue' || tags.includes('t3')) &&
        !(shop.open && tags.includes('t1')),
    };
  }),
];

progress('building');
const index = await buildIndex(
  join(scratch(), 'index'),
  data,
  data.items(0, data.rows, (row) => described[row]),
);
const results = [];
for (const { name, kind, filter, takes } of filters) {
  const accept = filter && Uint8Array.from(described, (item) => (takes(item) ? 1 : 0));
  const taken = accept ? accept.reduce((sum, one) => sum + one, 0) : data.rows;
  const nearest = await data.nearest(topK, accept);
  progress(name);
  const ask = async (vector) => rowsOf(await index.query({ vector, topK, filter }));
  await askAll(data.allQueries().slice(0, 50), nearest, ask, mostMs / 10);
  const measured = await askAll(data.allQueries(), nearest, ask, mostMs);
  results.push({ name, kind, taken, share: taken / data.rows, ...measured });
}
await index.close();

const series = (kind) => ({
  name: `${kind} filter`,
  points: results
    .filter((one) => one.kind === kind && one.taken > 0)
    .map((one) => ({
      x: one.share * 100,
      y: one.qps,
      label: `${(one.share * 100).toFixed(2)}% of the items, ${count(one.qps)} a second, recall ${one.recall.toFixed(4)}`,
    })),
});

export const report = {
  sections: [
    {
      title: `Filters on ${data.name}: ${count(data.rows)} × ${data.dimensions}, top ${topK}`,
      note: `Default settings, one caller, ${count(data.queries)} queries. Without a filter: ${count(results[0].qps)} a second.`,
      chart: {
        kind: 'lines',
        xLabel: 'percent of the items that the filter takes',
        yLabel: 'queries a second',
        series: [series('simple'), series('complex')],
      },
      table: {
        headings: ['filter', 'items taken', 'recall', 'queries/s', 'p50 ms', 'p99 ms'],
        rows: results.map((one) => [
          one.name,
          count(one.taken),
          fixed(one.recall, 4),
          count(one.qps),
          milliseconds(one.p50),
          milliseconds(one.p99),
        ]),
      },
    },
  ],
  figures: { data: data.name, rows: data.rows, dimensions: data.dimensions, results },
};
