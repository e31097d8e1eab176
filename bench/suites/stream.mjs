// Streams beside plain queries: what the first batch takes and what the next ones do, what a thousand results take by tens of
// batches or at once, and every item. No other library here can go on with a search: hnswlib, usearch and zvec are asked
// again for more, and start from the beginning.

import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { buildIndex } from '../lib/quiver.mjs';
import { median, recall } from '../lib/statistics.mjs';
import { count, fixed, milliseconds } from '../report/text.mjs';

const batchSizes = [10, 100];
const drained = 1000;
const mostQueries = 300;
const wholeDrains = 5;

const data = loadData({
  rows: numberOption('size', 200_000),
  dimensions: numberOption('dim', 128),
});
progress('building');
const index = await buildIndex(join(scratch(), 'index'), data, data.items());
const vectors = data.allQueries().slice(0, mostQueries);
const nearest = await data.nearest(100);

const rowsOf = (results) => results.map(({ item }) => Number(item.id));
const timesOf = () => ({ query: [], first: [], later: [], drain: [], again: [] });
const share = (found, of) =>
  found.reduce((sum, rows, i) => sum + recall(rows, of[i]), 0) / of.length;

async function measure(batchSize) {
  const times = timesOf();
  const found = { query: [], first: [] };
  const batches = Math.ceil(drained / batchSize);
  for (const [i, vector] of vectors.entries()) {
    if (i % 50 === 0) progress(`batches of ${batchSize}: ${i} queries`);
    let from;
    const lap = (list) => {
      const now = performance.now();
      list.push(now - from);
      from = performance.now();
    };
    const query = async () => {
      from = performance.now();
      found.query[i] = rowsOf(await index.query({ vector, topK: batchSize }));
      lap(times.query);
    };
    // In turns: who comes second finds the rows in the cache.
    if (i % 2 === 0) await query();
    const started = performance.now();
    from = started;
    const stream = index.queryStream(vector, { batchSize });
    found.first.push(rowsOf((await stream.next()).value));
    lap(times.first);
    for (let batch = 1; batch < batches; batch++) {
      await stream.next();
      lap(times.later);
    }
    times.drain.push(performance.now() - started);
    await stream.return();
    if (i % 2 === 1) await query();
    from = performance.now();
    await index.query({ vector, topK: drained });
    lap(times.again);
  }
  const truth = nearest.slice(0, vectors.length).map((rows) => rows.slice(0, batchSize));
  return {
    batchSize,
    ...Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)])),
    recallOfQuery: share(found.query, truth),
    recallOfFirst: share(found.first, truth),
  };
}

/** Every item: all batches, and the longest wait for one. */
async function drainAll(exact) {
  const all = [];
  const longest = [];
  for (const vector of vectors.slice(0, wholeDrains)) {
    progress(`every item${exact ? ', exactly' : ''}`);
    const started = performance.now();
    let from = started;
    let most = 0;
    for await (const _ of index.queryStream(vector, { batchSize: 1000, exact })) {
      const now = performance.now();
      most = Math.max(most, now - from);
      from = now;
    }
    all.push(performance.now() - started);
    longest.push(most);
  }
  return { ms: median(all), longest: median(longest) };
}

await measure(batchSizes[0]); // warms up
const results = [];
for (const batchSize of batchSizes) results.push(await measure(batchSize));
const whole = await drainAll(false);
const exactly = await drainAll(true);
await index.close();

export const report = {
  sections: [
    {
      title: `Streams on ${data.name}: ${count(data.rows)} × ${data.dimensions}`,
      note: `Medians over ${count(vectors.length)} queries, one caller. hnswlib, usearch and zvec cannot go on with a search: for more they are asked again.`,
      table: {
        headings: [
          'batches of',
          'query ms',
          'first batch ms',
          'ratio',
          'recall',
          'of the query',
          'later batch ms',
          `${count(drained)} results ms`,
          'drains/s',
          `query for ${count(drained)} ms`,
        ],
        rows: results.map((one) => [
          count(one.batchSize),
          milliseconds(one.query),
          milliseconds(one.first),
          fixed(one.first / one.query, 2),
          fixed(one.recallOfFirst, 4),
          fixed(one.recallOfQuery, 4),
          milliseconds(one.later),
          milliseconds(one.drain),
          count(1000 / one.drain),
          milliseconds(one.again),
        ]),
      },
    },
    {
      title: 'Every item, by batches of 1,000',
      table: {
        headings: ['', 'ms', 'longest wait for a batch, ms'],
        rows: [
          ['as found', milliseconds(whole.ms), milliseconds(whole.longest)],
          ['exact', milliseconds(exactly.ms), milliseconds(exactly.longest)],
        ],
      },
    },
  ],
  figures: {
    data: data.name,
    rows: data.rows,
    dimensions: data.dimensions,
    results,
    whole,
    exactly,
  },
};
