// Ten times an index's size is inserted, updated and deleted in random order, then optimized; beside it, the same items are put
// into a new index. Wanted: every ratio within 10%.

import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { folderSize, inFreshProcess, interleaved, timed } from '../lib/measure.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { createIndex, idle, LocalIndex } from '../lib/quiver.mjs';
import { median, randomFrom } from '../lib/statistics.mjs';
import { count, megabytes } from '../report/text.mjs';

const size = numberOption('size', 50_000);
const rounds = numberOption('rounds', 9);
const processes = 5; // for the memory of each index
const topK = 10;

const data = loadData({ preferred: ['sift200k'] });
if (data.metric !== 'l2') throw new Error(`The exact answers here are by l2, not ${data.metric}`);
const folder = scratch();
const saved = data.save(folder);
const queries = data.allQueries();

const create = (name) => createIndex(join(folder, name), data, { durability: 'async' });
const open = (name) => new LocalIndex(join(folder, name));

const item = (slot, row) => ({ id: String(slot), vector: data.vector(row), metadata: { row } });

/** Random changes, and what the index holds after them: which row of the data stands in each slot, −1 for none. */
class Churn {
  rows = new Int32Array(2 * size).fill(-1);
  live = 0;
  operations = 0;
  #random = randomFrom(1);

  below(limit) {
    return Math.floor(this.#random() * limit);
  }

  /** Up to `wanted` different slots that hold an item, or that hold none. */
  #slots(wanted, used) {
    const slots = new Set();
    for (let tries = 0; slots.size < wanted && tries < wanted * 10; tries++) {
      const slot = this.below(this.rows.length);
      if (this.rows[slot] >= 0 === used) slots.add(slot);
    }
    return [...slots];
  }

  /** New rows for the slots, as items. */
  #fill(slots) {
    return slots.map((slot) => {
      this.rows[slot] = this.below(data.rows);
      return item(slot, this.rows[slot]);
    });
  }

  async insert(index, wanted) {
    const slots = this.#slots(wanted, false);
    await index.insertItems(this.#fill(slots));
    this.live += slots.length;
    this.operations += slots.length;
  }

  async update(index, wanted) {
    const items = this.#fill(this.#slots(wanted, true));
    if (this.below(2) === 0) await index.updateItems(items);
    else await index.upsertItems(items);
    this.operations += items.length;
  }

  async remove(index, wanted) {
    const slots = this.#slots(wanted, true);
    const deleted = await index.deleteItems(slots.map(String));
    if (deleted !== slots.length) throw new Error(`deleted ${deleted} of ${slots.length}`);
    for (const slot of slots) this.rows[slot] = -1;
    this.live -= slots.length;
    this.operations += slots.length;
  }

  /** One transaction of 1, 10, 100 or 1,000 changes; the index keeps its size within a tenth. */
  step(index) {
    const wanted = 10 ** this.below(4);
    const kind = this.below(3);
    if (this.live < size * 0.9 || (kind === 0 && this.live < size * 1.1))
      return this.insert(index, wanted);
    if (kind === 1 || this.live > size * 1.1) return this.remove(index, wanted);
    return this.update(index, wanted);
  }
}

/** For each query the distance of its tenth item, by exact search here. */
function reach(rows) {
  const { dimensions } = data;
  return queries.map((query, i) => {
    if (i % 20 === 0) progress(`exact answers: ${i} of ${queries.length}`);
    const best = new Float64Array(topK).fill(Number.POSITIVE_INFINITY); // ascending
    for (const row of rows) {
      if (row < 0) continue;
      const vector = data.vector(row);
      let distance = 0;
      for (let d = 0; d < dimensions; d++) distance += (vector[d] - query[d]) ** 2;
      if (distance >= best[topK - 1]) continue;
      let place = topK - 1;
      for (; place > 0 && best[place - 1] > distance; place--) best[place] = best[place - 1];
      best[place] = distance;
    }
    return best[topK - 1];
  });
}

async function ask(index) {
  for (const vector of queries) await index.query({ vector, topK });
}

/** The share of answers that are as near as the tenth nearest. */
async function recall(index, reached) {
  let found = 0;
  for (const [i, vector] of queries.entries()) {
    const results = await index.query({ vector, topK });
    found += results.filter(({ score }) => -score <= reached[i]).length;
  }
  return found / (queries.length * topK);
}

const churned = await create('churned');
const churn = new Churn();
while (churn.live < size) await churn.insert(churned, 1000);
await churned.optimize();

churn.operations = 0;
let largest = 0;
let steps = 0;
let settled = 0;
const churnSeconds =
  (await timed(async () => {
    while (churn.operations < 10 * size) {
      await churn.step(churned);
      if (churn.operations - settled > size / 4) {
        await idle(churned); // so that segments are sealed and merged all along the way
        settled = churn.operations;
      }
      if (++steps % 20 !== 0) continue;
      largest = Math.max(largest, folderSize(join(folder, 'churned')).bytes);
      progress(`${count(churn.operations)} of ${count(10 * size)} changes`);
    }
  })) / 1000;
progress('optimize');
const churnedSeconds = (await timed(() => churned.optimize())) / 1000;
const { ok, problems } = await churned.verify();
if (!ok) throw new Error(`the churned index is damaged: ${problems.join('; ')}`);
await churned.close();

progress('a new index of the same items');
const fresh = await create('fresh');
const items = [...churn.rows.entries()]
  .filter(([, row]) => row >= 0)
  .map((entry) => item(...entry));
await fresh.insertItems(items, { batchSize: 1000 });
const freshSeconds = (await timed(() => fresh.optimize())) / 1000;
await fresh.close();

const names = ['churned', 'fresh'];
const memories = { churned: [], fresh: [] };
for (let i = 0; i < processes; i++) {
  for (const name of names) {
    progress(`memory in process ${i + 1} of ${processes}`);
    const opened = await inFreshProcess('lib/trial.mjs', {
      command: 'open',
      peer: 'quiver',
      variant: { backend: 'native' },
      folder: join(folder, name),
      data: saved,
    });
    memories[name].push(opened.memoryAfterQueries);
  }
}

const reached = reach(churn.rows);
const indexes = names.map(open);
const recalls = [];
for (const index of indexes) recalls.push(await recall(index, reached));
progress('queries');
const times = await interleaved(
  rounds,
  indexes.map((index) => () => ask(index)),
);
for (const index of indexes) {
  const { itemCount } = await index.getPerformanceMetrics();
  if (itemCount !== churn.live) throw new Error(`${itemCount} items instead of ${churn.live}`);
  await index.close();
}

const figures = Object.fromEntries(
  names.map((name, i) => [
    name,
    {
      bytes: folderSize(join(folder, name)).bytes,
      files: folderSize(join(folder, name)).files,
      resident: median(memories[name].map(({ resident }) => resident)),
      own: median(memories[name].map(({ own }) => own)),
      recall: recalls[i],
      qps: (queries.length / times[i]) * 1000,
      optimizeSeconds: [churnedSeconds, freshSeconds][i],
    },
  ]),
);
const line = (title, field, show) => {
  const [a, b] = names.map((name) => figures[name][field]);
  return [title, show(a), show(b), (a / b).toFixed(3)];
};
export const report = {
  sections: [
    {
      title: `${count(churn.operations)} changes of an index of ${count(churn.live)} × ${data.dimensions} items (${data.name})`,
      note: `In ${churnSeconds.toFixed(0)} s; largest size on the way ${megabytes(largest)}.`,
      table: {
        headings: ['', 'churned', 'fresh', 'ratio'],
        rows: [
          line('size on disk', 'bytes', megabytes),
          line('files', 'files', String),
          line('memory of a process that opens and asks', 'resident', megabytes),
          line('  without the mapped files', 'own', megabytes),
          line(`recall@${topK}`, 'recall', (value) => value.toFixed(4)),
          line('queries/s, one after the other', 'qps', count),
          line('last optimize, s', 'optimizeSeconds', (value) => value.toFixed(1)),
        ],
      },
    },
  ],
  figures: { ...figures, items: churn.live, changes: churn.operations, churnSeconds, largest },
};
