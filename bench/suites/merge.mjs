// What optimize() takes when a share of the items is new, beside building all of it anew.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { askAll, timed } from '../lib/measure.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { createIndex, rowsOf } from '../lib/quiver.mjs';
import { count, fixed } from '../report/text.mjs';

const shares = [0, 0.01, 0.1, 0.5];
const data = loadData({ rows: numberOption('size', undefined), preferred: ['sift200k'] });
const items = data.items();
const nearest = await data.nearest(10);
const folder = scratch();

async function build(share) {
  const name = `${share * 100}%`;
  const first = Math.round(items.length * (1 - share));
  const parts = share === 0 ? [items] : [items.slice(0, first), items.slice(first)];
  const place = join(folder, name);
  const index = await createIndex(place, data);
  let seconds = 0;
  for (const part of parts) {
    await index.insertItems(part, { batchSize: 1000 });
    progress(`${name}: optimize`);
    seconds = (await timed(() => index.optimize())) / 1000;
  }
  const ask = async (vector) => rowsOf(await index.query({ vector, topK: 10 }));
  const { recall } = await askAll(data.allQueries(), nearest, ask);
  const { queryLatencyP50 } = await index.getPerformanceMetrics();
  await index.close();
  rmSync(place, { recursive: true });
  return { share, seconds, recall, ms: queryLatencyP50 };
}

const results = [];
for (const share of shares) results.push(await build(share));
const anew = results[0];

export const report = {
  sections: [
    {
      title: `optimize() of ${count(items.length)} × ${data.dimensions} items (${data.name}) of which a share was new`,
      chart: {
        kind: 'bars',
        label: 'seconds',
        bars: results.map(({ share, seconds }) => ({
          name: share === 0 ? 'all new' : `${share * 100}% new`,
          value: seconds,
          text: `${fixed(seconds, 1)} s`,
        })),
      },
      table: {
        headings: ['new', 'seconds', 'of building anew', 'recall@10', 'query ms'],
        rows: results.map(({ share, seconds, recall, ms }) => [
          share === 0 ? 'all' : `${share * 100}%`,
          fixed(seconds, 1),
          fixed(seconds / anew.seconds, 2),
          fixed(recall, 4),
          fixed(ms, 3),
        ]),
      },
    },
  ],
  figures: { data: data.name, rows: data.rows, results },
};
