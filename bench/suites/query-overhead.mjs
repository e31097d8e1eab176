// What a query costs beside the search, which the core measures itself: checking and packing the argument, the call, decoding the
// result, and once in a while a turn of the event loop or another thread.

import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { buildIndex } from '../lib/quiver.mjs';
import { median } from '../lib/statistics.mjs';
import { count, fixed } from '../report/text.mjs';

const rounds = 9;
const ef = 30;
const queriesInRound = 5000; // the first rounds are also those in which the JavaScript engine compiles the path
const data = loadData({ rows: numberOption('size', undefined), preferred: ['wordnet30k'] });
progress('building');
const index = await buildIndex(join(scratch(), 'index'), data, data.items(), { backend: 'native' });

async function coreTotal() {
  const { queryTimeTotal } = await index.getPerformanceMetrics();
  return queryTimeTotal;
}

/** Microseconds a query: {whole, core} of each round. */
async function measure(name, ask) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    progress(`${name}: round ${round + 1} of ${rounds}`);
    const before = await coreTotal();
    const started = performance.now();
    for (let i = 0; i < queriesInRound; i++) {
      const answer = ask({ vector: data.query(i % data.queries), topK: 10, ef });
      if (answer instanceof Promise) await answer;
    }
    const whole = ((performance.now() - started) / queriesInRound) * 1000;
    results.push({ whole, core: (((await coreTotal()) - before) / queriesInRound) * 1000 });
  }
  return results;
}

const summary = (results) => ({
  core: median(results.map(({ core }) => core)),
  beside: median(results.map(({ whole, core }) => whole - core)),
  besideFirst: results[0].whole - results[0].core,
});
const figures = {
  query: summary(await measure('query', (options) => index.query(options))),
  querySync: summary(await measure('querySync', (options) => index.querySync(options))),
};

const vectors = data.allQueries();
const many = [];
for (let round = 0; round < 5 * rounds; round++) {
  progress(`queryMany: round ${round + 1} of ${5 * rounds}`);
  const started = performance.now();
  await index.queryMany(vectors, { topK: 10, ef });
  many.push(((performance.now() - started) / vectors.length) * 1000);
}
figures.queryMany = { whole: median(many) };
await index.close();

const { query, queryMany } = figures;
const rateOfMany = (query.core + query.beside) / queryMany.whole;

export const report = {
  sections: [
    {
      title: `${data.name}: ${count(data.rows)} × ${data.dimensions}, native, top 10, ef ${ef}`,
      note: `Medians of ${rounds} rounds of ${count(queriesInRound)} queries, µs a query.`,
      table: {
        headings: ['', 'in the core', 'beside it', 'beside it in the first round'],
        rows: ['query', 'querySync'].map((name) => [
          name,
          fixed(figures[name].core, 1),
          fixed(figures[name].beside, 1),
          fixed(figures[name].besideFirst, 1),
        ]),
      },
    },
    {
      title: `queryMany of ${count(vectors.length)} vectors`,
      table: {
        headings: ['µs a query', 'times as many a second as query'],
        rows: [[fixed(queryMany.whole, 1), fixed(rateOfMany, 2)]],
      },
    },
  ],
  figures: { data: data.name, rows: data.rows, ef, ...figures },
};
