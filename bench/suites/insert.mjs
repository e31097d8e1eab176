// Items a second, acknowledged as durable as --durability says (sync unless told otherwise), for sizes up to --size and three
// dimensions: one item a call and one call after the other, many callers of one item, and batches. Then the graph.

import { rmSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { givenData, syntheticSet } from '../lib/data.mjs';
import { timed } from '../lib/measure.mjs';
import { listOption, options, sizesUpTo } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { createIndex } from '../lib/quiver.mjs';
import { count, fixed } from '../report/text.mjs';

const given = givenData();
const sizes = sizesUpTo([1000, 10_000, 100_000, 1_000_000], given?.rows ?? 100_000);
const allDimensions = given
  ? [given.dimensions]
  : listOption('dim', ['128', '512', '1536']).map(Number);
const mostSingles = 2000;
const callerNumbers = [16, 256];
const batch = 1000;
const durability = options.durability ?? 'sync';
/** The vectors as made, as items hold them, in the head, and in the segment that is written. */
const copies = 4;

const folder = scratch();

async function perSecond(items, insert) {
  const ms = await timed(() => insert(items));
  return (items.length / ms) * 1000;
}

const oneByOne = (index) => async (items) => {
  for (const item of items) await index.insertItem(item);
};

const byCallers = (index, callers) => (items) => {
  let next = 0;
  const caller = async () => {
    while (next < items.length) await index.insertItem(items[next++]);
  };
  return Promise.all(Array.from({ length: callers }, caller));
};

async function measure(rows, dimensions) {
  const data = given?.part(Math.min(rows, given.rows)) ?? syntheticSet({ rows, dimensions });
  const fresh = (name) => createIndex(join(folder, name), data, { durability });
  const singles = data.items(0, Math.min(rows, mostSingles));

  progress(`${rows} × ${dimensions}: one by one`);
  const index = await fresh('singles');
  const sequential = await perSecond(singles, oneByOne(index));
  await index.close();

  const concurrent = {};
  for (const callers of callerNumbers) {
    progress(`${rows} × ${dimensions}: ${callers} callers`);
    const shared = await fresh(`callers-${callers}`);
    concurrent[callers] = await perSecond(singles, byCallers(shared, callers));
    await shared.close();
  }

  progress(`${rows} × ${dimensions}: batches`);
  const whole = await fresh('batches');
  const items = data.items();
  const batches = await perSecond(items, (all) => whole.insertItems(all, { batchSize: batch }));
  progress(`${rows} × ${dimensions}: graph`);
  const graphSeconds = (await timed(() => whole.optimize())) / 1000;
  await whole.close();
  for (const name of ['singles', 'batches', ...callerNumbers.map((number) => `callers-${number}`)])
    rmSync(join(folder, name), { recursive: true });
  return {
    data: data.name,
    rows: data.rows,
    dimensions,
    sequential,
    concurrent,
    batches,
    graphSeconds,
  };
}

const results = [];
const skipped = [];
for (const dimensions of allDimensions) {
  for (const rows of sizes) {
    const bytes = rows * dimensions * 4 * copies;
    if (bytes > freemem()) skipped.push(`${count(rows)} × ${dimensions}`);
    else results.push(await measure(rows, dimensions));
  }
}

const ways = [
  ['one by one', ({ sequential }) => sequential],
  ...callerNumbers.map((callers) => [
    `${callers} callers`,
    ({ concurrent }) => concurrent[callers],
  ]),
  [`batches of ${count(batch)}`, ({ batches }) => batches],
];

export const report = {
  sections: [
    ...allDimensions.map((dimensions) => {
      const those = results.filter((one) => one.dimensions === dimensions);
      return {
        title: `${given?.name ?? 'synthetic'}, ${dimensions} dimensions, durability ${durability}: items a second`,
        note: `One by one and by callers: the first ${count(mostSingles)} items. The graph is built in the background; here optimize() waits for the rest of it.`,
        chart: {
          kind: 'lines',
          xLabel: 'items in the index',
          yLabel: 'items a second',
          series: [
            ...ways,
            [
              'with the graph',
              ({ rows, batches, graphSeconds }) => rows / (rows / batches + graphSeconds),
            ],
          ].map(([name, value]) => ({
            name,
            points: those.map((one) => ({
              x: one.rows,
              y: value(one),
              label: `${count(one.rows)} items, ${count(value(one))} a second`,
            })),
          })),
        },
        table: {
          headings: ['items', ...ways.map(([name]) => name), 'graph, s', 'items/s with the graph'],
          rows: those.map((one) => [
            count(one.rows),
            ...ways.map(([, value]) => count(value(one))),
            fixed(one.graphSeconds, 2),
            count(one.rows / (one.rows / one.batches + one.graphSeconds)),
          ]),
        },
      };
    }),
    ...(skipped.length > 0
      ? [{ title: 'Not measured', note: `Too large for the free memory: ${skipped.join(', ')}.` }]
      : []),
  ],
  figures: { durability, results, skipped },
};
