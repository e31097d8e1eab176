// Inserts, upserts, updates, deletes, queries with and without filters, streams that are left early, snapshots, and a process
// that opens the index again and again, all at once. Compares the first and the last quarter of the samples; fails when
// something grew.

import { fork } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { loadData } from '../lib/data.mjs';
import { descriptors, folderSize, memory } from '../lib/measure.mjs';
import { numberOption } from '../lib/options.mjs';
import { benchFolder, scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { createIndex, LocalIndex } from '../lib/quiver.mjs';
import { median, quantile, randomFrom } from '../lib/statistics.mjs';
import { count, megabytes } from '../report/text.mjs';

const minutes = numberOption('minutes', 30);
const size = numberOption('size', 20_000);
const changesPerSecond = 2000;
const groups = 20; // a filter on one finds a twentieth of the items
const sampleMs = Math.min(10_000, minutes * 1000);
const warmUpMs = Math.min(120_000, minutes * 12_000);

const data = loadData({ preferred: ['sift200k'] });
const folder = scratch();
const place = join(folder, 'index');
const random = randomFrom(1);
const below = (limit) => Math.floor(random() * limit);
const someVector = () => data.vector(below(data.rows));
const someQuery = () => data.query(below(data.queries));

const index = await createIndex(place, data, { durability: 'async' });

/** Ids that the index holds. */
const live = [];
let nextId = 0;
let changes = 0;
const counts = { queries: 0, filtered: 0, streams: 0, snapshots: 0, reopened: 0 };

const item = (id) => ({
  id,
  vector: someVector(),
  metadata: { group: below(groups), text: 'x'.repeat(below(60)) },
});
const newItems = (wanted) =>
  Array.from({ length: wanted }, () => {
    live.push(`item-${nextId}`);
    return item(`item-${nextId++}`);
  });
/** Takes random ids out of the live ones. */
const takeLive = (wanted) =>
  Array.from({ length: Math.min(wanted, live.length) }, () => {
    const place = below(live.length);
    const id = live[place];
    live[place] = live.at(-1);
    live.pop();
    return id;
  });
const someLive = (wanted) => [
  ...new Set(Array.from({ length: wanted }, () => live[below(live.length)])),
];

async function change() {
  const wanted = [1, 1, 10, 100][below(4)];
  const kind = below(6);
  if (live.length > size * 1.05 || kind === 0) {
    const ids = takeLive(wanted);
    if (ids.length === 1) await index.deleteItem(ids[0]);
    else await index.deleteItems(ids);
  } else if (live.length < size * 0.95 || kind === 1) {
    await index.insertItems(newItems(wanted));
  } else if (kind === 2) {
    await index.upsertItems([...someLive(wanted).map(item), ...newItems(1)]);
  } else if (kind === 3) {
    await index.updateItems(
      someLive(wanted).map((id) => ({ id, metadata: { group: below(groups) } })),
    );
  } else if (kind === 4) {
    await index.beginUpdate();
    const [id] = takeLive(1);
    await index.deleteItem(id);
    await index.insertItems(newItems(1));
    if (below(2) === 0) await index.endUpdate();
    else {
      await index.cancelUpdate();
      live.pop();
      live.push(id);
    }
  } else {
    await index.upsertItems(someLive(wanted).map(item));
  }
  changes += wanted;
}

let latencies = [];
async function query() {
  const started = performance.now();
  const results = await index.query({ vector: someQuery(), topK: 10 });
  latencies.push(performance.now() - started);
  if (results.length !== 10) throw new Error(`a query found ${results.length} items`);
  counts.queries++;
}

async function filtered() {
  const group = below(groups);
  const results = await index.query({ vector: someQuery(), topK: 10, filter: { group } });
  if (results.length !== 10 || results.some((one) => one.item.metadata.group !== group))
    throw new Error(`a filter on group ${group} was not kept`);
  counts.filtered++;
}

/** Half of them are left early. */
async function stream() {
  const upTo = below(2) === 0 ? 1 : 20;
  let batches = 0;
  for await (const _ of index.queryStream(someQuery(), { batchSize: 100 }))
    if (++batches === upTo) break;
  batches = 0;
  for await (const _ of index.listItemsStream({ batchSize: 500, filter: { group: 1 } }))
    if (++batches === upTo) break;
  counts.streams++;
}

/** Two are kept, the newer one based on the older; each is opened. */
async function snapshot() {
  const name = (number) => join(folder, `snapshot-${number}`);
  const number = counts.snapshots++;
  await index.snapshot(name(number), number > 0 ? { base: name(number - 1) } : {});
  const copy = new LocalIndex(name(number), { readOnly: true });
  const { items } = await copy.getIndexStats();
  if (items < size * 0.5 || items > size * 1.5) throw new Error(`a snapshot holds ${items} items`);
  await copy.close();
  if (number > 0) rmSync(name(number - 1), { recursive: true });
}

const started = performance.now();
const end = started + minutes * 60_000;
/** Does `task` again and again, at most once in `ms`. */
async function every(ms, task) {
  while (performance.now() < end) {
    const next = performance.now() + ms;
    await task();
    await pause(Math.max(1, next - performance.now()));
  }
}

/** Files that are gone but still mapped: space on the disk that no listing shows. */
function mappedButGone() {
  if (!existsSync('/proc/self/maps')) return undefined;
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return new Set(lines.filter((line) => line.includes(place) && line.endsWith(' (deleted)'))).size;
}

let reader;
let lastReading;
let readings = [];
function startReader() {
  reader = fork(join(benchFolder, 'lib/soak-reader.mjs'), [], {
    env: { ...process.env, SOAK_FOLDER: place, SOAK_DIMENSIONS: String(data.dimensions) },
  });
  reader.on('message', (reading) => {
    lastReading = reading;
    readings.push(reading.reopenMs);
    counts.reopened++;
  });
  reader.on('exit', (code) => {
    if (performance.now() >= end) return;
    console.error(`the reader ended with ${code}`);
    process.exit(1);
  });
}

const samples = [];
function sample() {
  const elapsed = performance.now() - started;
  const files = folderSize(place);
  const { resident, own } = memory();
  if (elapsed > warmUpMs && lastReading !== undefined && latencies.length > 0) {
    samples.push({
      seconds: elapsed / 1000,
      resident,
      own,
      heap: process.memoryUsage().heapUsed,
      descriptors: descriptors(),
      mappedButGone: mappedButGone(),
      files: files.files,
      bytes: files.bytes,
      p99: quantile(latencies, 0.99),
      readerResident: lastReading.resident,
      readerDescriptors: lastReading.descriptors,
      reopenMs: readings.length > 0 ? median(readings) : undefined,
      changes,
    });
  }
  progress(
    `${count(changes)} changes, ${count(counts.queries)} queries, ${megabytes(resident)}, ${files.files} files of ${megabytes(files.bytes)}, p99 ${quantile(latencies, 0.99)?.toFixed(1)} ms`,
  );
  latencies = [];
  readings = [];
}

while (live.length < size) await index.insertItems(newItems(1000));
await index.optimize();
startReader();
const filled = changes;
let sampled = performance.now();
await Promise.all([
  every(5, async () => {
    const due = ((performance.now() - started) / 1000) * changesPerSecond;
    while (changes - filled < due && performance.now() < end) await change();
  }),
  every(5, query),
  every(50, filtered),
  every(500, stream),
  every(10_000, snapshot),
  every(100, async () => {
    if (performance.now() - sampled < sampleMs) return;
    sampled = performance.now();
    sample();
  }),
]);
reader.disconnect();

progress('verify');
await index.optimize();
const { ok, items, problems } = await index.verify();
await index.close();
if (!ok) throw new Error(`the index is damaged: ${problems.join('; ')}`);
if (items !== live.length) throw new Error(`${items} items instead of ${live.length}`);

/** [title, field, how it is shown, by how much it may grow beside a quarter]. */
const rows = [
  ['memory of the process', 'resident', megabytes, 16e6],
  ['  without mapped files', 'own', megabytes, 16e6],
  ["  JavaScript's heap", 'heap', megabytes, 16e6],
  ['open file descriptors', 'descriptors', String, 2],
  ['files gone but still mapped', 'mappedButGone', String, 2],
  ['files in the folder', 'files', String, 2],
  ['bytes in the folder', 'bytes', megabytes, 16e6],
  ['p99 of a query, ms', 'p99', (value) => value.toFixed(2), 1],
  ['memory of the reader', 'readerResident', megabytes, 16e6],
  ['its open file descriptors', 'readerDescriptors', String, 2],
  ['its time to reopen, ms', 'reopenMs', (value) => value.toFixed(1), 5],
];
const quarter = Math.floor(samples.length / 4);
if (quarter < 3) throw new Error(`${samples.length} samples are too few: give more --minutes`);
const verdicts = rows.map(([title, field, show, slack]) => {
  const values = samples.map((one) => one[field]).filter((value) => value !== undefined);
  if (values.length < samples.length / 2) return undefined; // not told on this system
  const share = Math.floor(values.length / 4);
  const first = median(values.slice(0, share));
  const last = median(values.slice(-share));
  const bounded = last <= first * 1.25 + slack;
  return { title, field, first, last, most: Math.max(...values), bounded, show };
});
const known = verdicts.filter((verdict) => verdict !== undefined);
export const report = {
  sections: [
    {
      title: `${minutes} minutes, ${count(live.length)} items (${data.name}), ${count(changes - filled)} changes`,
      note: `${Object.entries(counts)
        .map(([what, number]) => `${count(number)} ${what}`)
        .join(', ')}.`,
      table: {
        headings: ['', 'first quarter', 'last quarter', 'most', ''],
        rows: known.map(({ title, first, last, most, show, bounded }) => [
          title,
          show(first),
          show(last),
          show(most),
          bounded ? 'bounded' : 'GROWS',
        ]),
      },
    },
  ],
  figures: { verdicts: known, counts, changes: changes - filled, samples },
  ...(known.some(({ bounded }) => !bounded) && { failed: 'Something grows.' }),
};
