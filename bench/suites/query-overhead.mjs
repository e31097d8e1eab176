// "JavaScript thread" is what it works for a query: packing the argument, decoding the result, the call. "Whole awaited call" also
// holds two changes of thread, which are the operating system's.

import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { buildIndex } from '../lib/quiver.mjs';
import { median } from '../lib/statistics.mjs';
import { count, fixed } from '../report/text.mjs';

const rounds = 9;
const queriesInRound = 5000; // the first rounds are also those in which the JavaScript engine compiles the path
const data = loadData({ rows: numberOption('size', undefined), preferred: ['wordnet30k'] });
progress('building');
const index = await buildIndex(join(scratch(), 'index'), data, data.items(), { backend: 'native' });

async function totals() {
  const { queryTimeTotal } = await index.getPerformanceMetrics();
  return queryTimeTotal;
}

const synchronous = [];
const latencies = [];
const cores = [];
for (let round = 0; round < rounds; round++) {
  progress(`round ${round + 1} of ${rounds}`);
  const before = await totals();
  const cpu = performance.eventLoopUtilization();
  const started = performance.now();
  for (let i = 0; i < queriesInRound; i++)
    await index.query({ vector: data.query(i % data.queries), topK: 10 });
  const wall = performance.now() - started;
  const { active } = performance.eventLoopUtilization(cpu);
  const core = (await totals()) - before;
  synchronous.push((active / queriesInRound) * 1000);
  latencies.push((wall / queriesInRound) * 1000);
  cores.push((core / queriesInRound) * 1000);
}
await index.close();

const figures = {
  core: median(cores),
  synchronous: median(synchronous),
  synchronousFirst: synchronous[0],
  latency: median(latencies),
};

export const report = {
  sections: [
    {
      title: `${data.name}: ${count(data.rows)} × ${data.dimensions}, native, top 10`,
      note: `Medians of ${rounds} rounds of ${count(queriesInRound)} queries.`,
      table: {
        headings: ['', 'µs a query'],
        rows: [
          ['search in the core', fixed(figures.core, 1)],
          ['JavaScript thread', fixed(figures.synchronous, 1)],
          ['  in the first round', fixed(figures.synchronousFirst, 1)],
          ['whole awaited call', fixed(figures.latency, 1)],
          ['  beyond the core', fixed(figures.latency - figures.core, 1)],
        ],
      },
    },
  ],
  figures: { data: data.name, rows: data.rows, ...figures },
};
