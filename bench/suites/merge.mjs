// What does it cost to bring what is new into a large segment, beside building all of it anew, and is it found as well?
//   node bench/merge.mjs [--items N] [--data DIR] [--dir DIR] [--json FILE]

import { join } from 'node:path';
import { LocalIndex } from 'quiverdb';
import { options, sift } from './data.mjs';
import { count, printTable, progress, saveJson, scratch, timed } from './measure.mjs';

const data = sift();
const items = data.items(Number(options.items ?? data.rows));
const folder = scratch();

async function build(name, parts) {
  const index = new LocalIndex(join(folder, name), {
    dimensions: data.dimensions,
    metric: data.metric,
    durability: 'none',
  });
  await index.createIndex({ version: 1 });
  let seconds = 0;
  for (const part of parts) {
    await index.insertItems(part, { batchSize: 1000 });
    progress(`${name}: optimize`);
    seconds = (await timed(() => index.optimize())) / 1000;
  }
  let found = 0;
  for (let i = 0; i < data.queries; i++) {
    const nearest = new Set(Array.from(data.nearest(i, 10), String));
    for (const { item } of await index.query({ vector: data.query(i), topK: 10 }))
      found += nearest.has(item.id) ? 1 : 0;
  }
  const { queryLatencyP50 } = await index.getPerformanceMetrics();
  await index.close();
  return { seconds, recall: found / (data.queries * 10), ms: queryLatencyP50 };
}

const shares = [0, 0.01, 0.1, 0.5];
const results = [];
for (const share of shares) {
  const first = Math.round(items.length * (1 - share));
  const parts = share === 0 ? [items] : [items.slice(0, first), items.slice(first)];
  results.push({ share, ...(await build(`${share * 100}%`, parts)) });
}
const anew = results[0];
printTable(
  `optimize() of ${count(items.length)} × ${data.dimensions} items of which a share was new`,
  ['new', 'seconds', 'of building anew', 'recall@10', 'query ms'],
  results.map(({ share, seconds, recall, ms }) => [
    share === 0 ? 'all' : `${share * 100}%`,
    seconds.toFixed(1),
    (seconds / anew.seconds).toFixed(2),
    recall.toFixed(4),
    ms.toFixed(3),
  ]),
);
saveJson(results);
