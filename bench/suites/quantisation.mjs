// One index for each kind of codes over the same data; then every query with each ef, one after the other.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataSets } from '../lib/data.mjs';
import { askAll, timed } from '../lib/measure.mjs';
import { listOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { buildIndex, LocalIndex, rowsOf } from '../lib/quiver.mjs';
import { count, fixed, milliseconds } from '../report/text.mjs';

const topK = 10;
const efs = [40, 80, 160, 320, 640];
const kinds = listOption('only', ['none', 'sq8', 'sq4', 'binary', 'pq']);
const folder = scratch();

/** A process's index keeps the times of all its queries: each ef has one of its own. */
async function measure(data, place, nearest, ef) {
  const index = new LocalIndex(place);
  await index.open();
  const queries = data.allQueries();
  const ask = async (vector) => rowsOf(await index.query({ vector, topK, ef }));
  await askAll(queries, nearest, ask); // pages come in
  const { recall, qps } = await askAll(queries, nearest, ask);
  const { queryLatencyP50 } = await index.getPerformanceMetrics();
  await index.close();
  return { ef, recall, qps, coreMs: queryLatencyP50 };
}

async function quantised(data, quantization) {
  const place = join(folder, `${data.name}-${quantization}`);
  progress(`${data.name}: building ${quantization}`);
  let index;
  const ms = await timed(async () => {
    index = await buildIndex(place, data, data.items(), { quantization });
  });
  const { segments } = await index.getIndexStats();
  await index.close();
  const nearest = await data.nearest(topK);
  const points = [];
  for (const ef of efs) {
    progress(`${data.name}: ${quantization}, ef ${ef}`);
    points.push(await measure(data, place, nearest, ef));
  }
  rmSync(place, { recursive: true });
  const bytes = Math.max(...segments.map(({ codes }) => codes?.bytesPerVector ?? 0));
  return { quantization, bytes, seconds: ms / 1000, points };
}

const results = [];
for (const data of dataSets(['sift200k', 'wordnet30k'])) {
  const of = [];
  for (const quantization of kinds) of.push(await quantised(data, quantization));
  results.push({ data: data.name, rows: data.rows, dimensions: data.dimensions, of });
}

export const report = {
  sections: results.map(({ data, rows, dimensions, of }) => ({
    title: `${data}: ${count(rows)} × ${dimensions}`,
    note: `For each ef: recall@${topK}, and the ms in the core of half of the queries.`,
    chart: {
      kind: 'curve',
      xLabel: `recall@${topK}`,
      yLabel: 'queries a second',
      series: of.map(({ quantization, points }) => ({
        name: quantization,
        points: points.map(({ ef, recall, qps }) => ({
          x: recall,
          y: qps,
          label: `ef ${ef}, recall ${recall.toFixed(4)}, ${count(qps)} a second`,
        })),
      })),
    },
    table: {
      headings: ['', 'bytes a vector', 'build s', ...efs.map((ef) => `ef ${ef}`)],
      rows: of.map(({ quantization, bytes, seconds, points }) => [
        quantization,
        count(bytes === 0 ? dimensions * 4 : bytes),
        fixed(seconds, 1),
        ...points.map(({ recall, coreMs }) => `${fixed(recall, 4)}, ${milliseconds(coreMs)}`),
      ]),
    },
  })),
  figures: { results },
};
