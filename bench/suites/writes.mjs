// The disk's own rate is that of appending as many bytes as an insert logs and waiting for them (fdatasync). It is measured
// between the inserts, since it changes with what else the machine does.

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fdatasyncSync,
  fdatasync as fdatasyncWithCallback,
  openSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadData } from '../lib/data.mjs';
import { interleaved, timed } from '../lib/measure.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { createIndex, idle } from '../lib/quiver.mjs';
import { count } from '../report/text.mjs';

const fdatasync = promisify(fdatasyncWithCallback);
const rounds = 20;
const singles = 1000; // of each kind, over all rounds
const batch = 1000;
const batches = 50;
const callers = [1, 4, 16];
const insertsOfCallers = 2000;
const many = 10_000; // rows deleted in one call
const deleteRounds = 3;

const data = loadData({ preferred: ['sift200k'] });
if (process.platform !== 'win32') spawnSync('sync'); // what others have left to write would be measured with ours
const items = data.items();
const folder = scratch();
let next = 0;
const take = (wanted) => {
  next += wanted;
  return items.slice(next - wanted, next);
};

const create = (name) => createIndex(join(folder, name), data, { durability: 'sync' });

const perSecond = (number, milliseconds) => (number / milliseconds) * 1000;

/** Single inserts, one after the other, between appends of the same size. */
async function singleInserts() {
  const index = await create('singles');
  await index.insertItems(take(1)); // takes the lock and begins the log
  // What is written: the file is longer, with room for more.
  const written = async () => (await index.getPerformanceMetrics()).disk.commit.bytesWritten;
  const before = await written();
  await index.insertItems(take(1));
  const recordBytes = (await written()) - before;

  const record = Buffer.alloc(recordBytes, 1);
  const file = openSync(join(folder, 'appended'), 'a');
  const part = singles / rounds;
  const [inserts, appends, promised] = await interleaved(rounds, [
    async () => {
      for (const item of take(part)) await index.insertItem(item);
      progress(`single inserts: ${next} of ${singles}`);
    },
    () => {
      for (let i = 0; i < part; i++) {
        writeSync(file, record);
        fdatasyncSync(file);
      }
    },
    async () => {
      for (let i = 0; i < part; i++) {
        writeSync(file, record);
        await fdatasync(file);
      }
    },
  ]);
  closeSync(file);
  const { commits } = await index.getPerformanceMetrics();
  await index.close();
  const [insertRate, diskRate, promisedRate] = [inserts, appends, promised].map((milliseconds) =>
    perSecond(part, milliseconds),
  );
  return { recordBytes, insertRate, diskRate, promisedRate, commitMs: commits.p50 };
}

async function batchInserts() {
  progress('batches');
  const index = await create('batches');
  const parts = Array.from({ length: batches }, () => take(batch));
  const milliseconds = await timed(async () => {
    for (const part of parts) await index.insertItems(part);
  });
  await index.close();
  return perSecond(batches * batch, milliseconds);
}

/** Inserts of one item by several callers, each waiting for its own. */
async function concurrentInserts() {
  const index = await create('callers');
  await index.insertItems(take(1));
  const part = insertsOfCallers / 4;
  const times = await interleaved(
    4,
    callers.map((number) => async () => {
      progress(`${number} callers`);
      const waiting = take(part);
      const insertAll = async () => {
        for (let item = waiting.pop(); item; item = waiting.pop()) await index.insertItem(item);
      };
      await Promise.all(Array.from({ length: number }, insertAll));
    }),
  );
  await index.close();
  return times.map((milliseconds, i) => ({
    callers: callers[i],
    rate: perSecond(part, milliseconds),
  }));
}

/** Rows of a finished segment, deleted in one call and one by one. Less than half of it, so that no merge begins. */
async function deletes() {
  progress('an index to delete from');
  const index = await create('deletes');
  const part = singles / deleteRounds;
  const rows = Math.ceil(deleteRounds * (many + part) * 2.1);
  const ids = items.slice(0, rows).map(({ id }) => id);
  await index.insertItems(items.slice(0, rows), { batchSize: 1000 });
  await index.optimize();
  // Every 7th: spread over the segment.
  const order = Array.from({ length: rows }, (_, i) => ids[(i * 7919) % rows]);
  const some = (wanted) => order.splice(0, wanted);
  const [together, oneByOne] = await interleaved(deleteRounds, [
    async () => {
      progress('deletes in one call');
      const deleted = await index.deleteItems(some(many));
      if (deleted !== many) throw new Error(`deleted ${deleted} of ${many}`);
      await idle(index);
    },
    async () => {
      progress('single deletes');
      for (const id of some(part)) await index.deleteItem(id);
    },
  ]);
  await index.close();
  const manyRate = perSecond(many, together);
  const singleRate = perSecond(Math.floor(part), oneByOne);
  return { rows, manyRate, singleRate, ratio: manyRate / singleRate };
}

const single = await singleInserts();
const batchRate = await batchInserts();
const concurrent = await concurrentInserts();
const deleted = await deletes();

export const report = {
  sections: [
    {
      title: `Durable writes (sync) of ${data.dimensions} dimensions (${data.name})`,
      table: {
        headings: ['', 'a second', 'ratio', ''],
        rows: [
          [
            `append ${single.recordBytes} bytes, fdatasync`,
            count(single.diskRate),
            '',
            "the disk's own rate",
          ],
          [
            '  the same, awaited',
            count(single.promisedRate),
            (single.promisedRate / single.diskRate).toFixed(2),
            'of that: the way to another thread and back',
          ],
          [
            'insertItem, one after the other',
            count(single.insertRate),
            (single.insertRate / single.diskRate).toFixed(2),
            `of that; wanted 0.8 (${(1000 / single.insertRate).toFixed(3)} ms each, ${single.commitMs.toFixed(3)} in the core)`,
          ],
          ...concurrent.map(({ callers: number, rate }) => [
            `insertItem, ${number} caller${number === 1 ? '' : 's'}`,
            count(rate),
            (rate / concurrent[0].rate).toFixed(2),
            'of one caller',
          ]),
          [
            `insertItems of ${count(batch)}`,
            count(batchRate),
            (batchRate / single.insertRate).toFixed(0),
            'of single inserts',
          ],
          ['deleteItem, one after the other', count(deleted.singleRate), '', ''],
          [
            `deleteItems of ${count(many)}`,
            count(deleted.manyRate),
            deleted.ratio.toFixed(0),
            'of single deletes; wanted 5',
          ],
        ],
      },
    },
  ],
  figures: { single, batchRate, concurrent, deleted },
};
