// Each index is built with the native backend; then every query is asked of both backends over the same files.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataSets } from '../lib/data.mjs';
import { askAll, timed } from '../lib/measure.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { buildIndex, LocalIndex, rowsOf } from '../lib/quiver.mjs';
import { count, fixed, milliseconds } from '../report/text.mjs';

const topK = 10;
const folder = scratch();

async function build(data, place) {
  progress(`${data.name}: building`);
  let index;
  const ms = await timed(async () => {
    index = await buildIndex(place, data, data.items(), { backend: 'native' });
  });
  const { ok, problems } = await index.verify();
  await index.close();
  if (!ok) throw new Error(`${data.name}: the index is damaged: ${problems.join('; ')}`);
  return ms / 1000;
}

async function ask(data, place, backend) {
  progress(`${data.name}: ${backend}`);
  const index = new LocalIndex(place, { backend });
  const answers = [];
  const measured = await askAll(data.allQueries(), await data.nearest(topK), async (vector) => {
    const results = await index.query({ vector, topK });
    answers.push(results.map(({ item, score }) => `${item.id}:${score}`).join());
    return rowsOf(results);
  });
  const { queryLatencyP50 } = await index.getPerformanceMetrics();
  await index.close();
  return { backend, ...measured, coreMs: queryLatencyP50, answers };
}

const results = [];
for (const data of dataSets(['sift200k', 'wordnet30k'])) {
  const place = join(folder, data.name);
  const seconds = await build(data, place);
  const native = await ask(data, place, 'native');
  const wasm = await ask(data, place, 'wasm');
  const different = native.answers.filter((answer, i) => answer !== wasm.answers[i]).length;
  rmSync(place, { recursive: true });
  const backends = [native, wasm].map(({ answers, ...rest }) => rest);
  results.push({
    data: data.name,
    rows: data.rows,
    dimensions: data.dimensions,
    queries: data.queries,
    seconds,
    different,
    backends,
  });
}

export const report = {
  sections: results.map(({ data, rows, dimensions, queries, seconds, different, backends }) => ({
    title: `${data}: ${count(rows)} × ${dimensions}, default settings`,
    note: `Built in ${fixed(seconds, 1)} s. Answers that differ between the backends (ids and scores, bit for bit): ${different} of ${count(queries)}.`,
    table: {
      headings: [
        '',
        `recall@${topK}`,
        'queries/s, one by one',
        'in the core, ms',
        'p50 ms',
        'p99 ms',
      ],
      rows: backends.map(({ backend, recall, qps, coreMs, p50, p99 }) => [
        backend,
        fixed(recall, 4),
        count(qps),
        milliseconds(coreMs),
        milliseconds(p50),
        milliseconds(p99),
      ]),
    },
  })),
  figures: { results },
  ...(results.some(({ different }) => different > 0) && { failed: 'The backends differ.' }),
};
