// One caller, one query after the other, for sizes up to --size: recall and queries a second for each ef, and 10, 100 and 1,000
// results.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { givenData, loadData } from '../lib/data.mjs';
import { askAll } from '../lib/measure.mjs';
import { numberOption, sizesUpTo } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { buildIndex, rowsOf } from '../lib/quiver.mjs';
import { bestPoints, qpsAtRecall } from '../lib/statistics.mjs';
import { count, fixed, milliseconds } from '../report/text.mjs';

const topKs = [10, 100, 1000];
const efs = [10, 20, 40, 80, 160, 320, 640, 1280, 2560];
const targets = [0.95, 0.99];
const mostMsOfPoint = 10_000;
const warmUpMs = 1000;
/** Exact answers take rows × dimensions × queries: fewer queries where that would be many minutes. */
const mostProducts = 5e11;

const folder = scratch();
const whole = givenData();
const sizes = sizesUpTo([10_000, 100_000, 1_000_000], whole?.rows ?? 100_000);

async function measure(rows) {
  const all =
    whole?.part(Math.min(rows, whole.rows)) ??
    loadData({ rows, dimensions: numberOption('dim', 128) });
  const queries = Math.ceil(Math.min(all.queries, mostProducts / (all.rows * all.dimensions)));
  const data = all.part(all.rows, queries);
  progress(`${rows}: building`);
  const place = join(folder, String(rows));
  const index = await buildIndex(place, data, data.items());
  const curves = [];
  for (const topK of topKs.filter((k) => k <= data.rows)) {
    const nearest = await data.nearest(topK);
    const asking = (ef) => async (vector) => rowsOf(await index.query({ vector, topK, ef }));
    await askAll(data.allQueries(), nearest, asking(topK), warmUpMs);
    const points = [];
    for (const ef of efs.filter((one) => one >= topK)) {
      progress(`${rows}: top ${topK}, ef ${ef}`);
      points.push({ ef, ...(await askAll(data.allQueries(), nearest, asking(ef), mostMsOfPoint)) });
    }
    const qpsAt = Object.fromEntries(
      targets.map((target) => [target, qpsAtRecall(points, target)]),
    );
    curves.push({ topK, points, qpsAt });
  }
  await index.close();
  rmSync(place, { recursive: true });
  return { data: data.name, rows: data.rows, dimensions: data.dimensions, queries, curves };
}

const results = [];
for (const rows of sizes) results.push(await measure(rows));

export const report = {
  sections: results.map(({ data, rows, dimensions, queries, curves }) => ({
    title: `${data}: ${count(rows)} × ${dimensions}`,
    note: `${count(queries)} queries. Each row of the table is the smallest ef that finds 99%, or the largest.`,
    chart: {
      kind: 'curve',
      xLabel: 'recall among as many results',
      yLabel: 'queries a second',
      series: curves.map(({ topK, points }) => ({
        name: `top ${count(topK)}`,
        points: bestPoints(points).map(({ ef, recall, qps }) => ({
          x: recall,
          y: qps,
          label: `ef ${ef}, recall ${recall.toFixed(4)}, ${count(qps)} a second`,
        })),
      })),
    },
    table: {
      headings: [
        '',
        ...targets.map((target) => `queries/s at ${target}`),
        'ef',
        'recall',
        'p50 ms',
        'p99 ms',
      ],
      rows: curves.map(({ topK, points, qpsAt }) => {
        const shown = points.find(({ recall }) => recall >= 0.99) ?? points.at(-1);
        return [
          `top ${count(topK)}`,
          ...targets.map((target) => count(qpsAt[target])),
          shown.ef,
          fixed(shown.recall, 4),
          milliseconds(shown.p50),
          milliseconds(shown.p99),
        ];
      }),
    },
  })),
  figures: { results },
};
