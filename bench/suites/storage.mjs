// How large is a finished index, what of, and how long does opening it take? Beside it: raw JSON, and the peers of
// bench/peers if they are installed (npm --prefix bench/peers install). Each figure comes from a process of its own.
//   node bench/storage.mjs [--items N] [--data DIR] [--dir DIR] [--json FILE]

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, options, sift, wordnet, wordnetTexts } from './data.mjs';
import {
  count,
  folderSize,
  inFreshProcess,
  megabytes,
  printTable,
  progress,
  saveJson,
  scratch,
} from './measure.mjs';
import { bytesByPurpose } from './sections.mjs';

const openings = 20;
const peers = ['vectra', 'hnswlib-node', 'sqlite-vec', 'lancedb'];
const packages = { lancedb: '@lancedb/lancedb' };
const installed = peers.filter((peer) =>
  existsSync(new URL(`peers/node_modules/${packages[peer] ?? peer}`, import.meta.url)),
);

const folder = scratch();
const queriesFile = join(folder, 'queries.f32');
const milliseconds = (value) => value.toFixed(value < 10 ? 2 : 1);

/** Bytes of the items as one JSON text. */
function jsonBytes({ items, texts }) {
  let bytes = 2;
  for (const [row, item] of items.entries()) {
    const entry = { id: texts?.[row].id ?? item.id, vector: [...item.vector] };
    entry.metadata = texts ? { ...texts[row], id: undefined } : item.metadata;
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
  }
  return bytes;
}

async function measure(name, driver, data, rows) {
  const place = join(folder, `${data.name}-${name}`);
  mkdirSync(place);
  progress(`${data.name}: build ${name}`);
  const index = { driver, folder: place, metric: data.metric, dimensions: data.dimensions, rows };
  const { seconds } = await inFreshProcess('fresh.mjs', {
    command: 'build',
    ...index,
    set: data.name,
    items: rows,
  });
  const opened = [];
  for (let i = 0; i <= openings; i++) {
    progress(`${data.name}: open ${name}, ${i} of ${openings}`);
    opened.push(
      await inFreshProcess('fresh.mjs', { command: 'open', ...index, queries: queriesFile }),
    );
  }
  opened.shift(); // the first one may have brought pages into memory
  const middle = (field) => median(opened.map((one) => one[field]));
  return {
    name,
    folder: place,
    bytes: folderSize(place).bytes,
    buildSeconds: seconds,
    loadMs: middle('loadMs'),
    openMs: middle('openMs'),
    firstAnswerMs: middle('firstAnswerMs'),
    reopenMs: median(opened.map(({ openMs, firstAnswerMs }) => openMs + firstAnswerMs)),
    resident: median(opened.map(({ memoryAfterQueries }) => memoryAfterQueries.resident)),
    own: median(opened.map(({ memoryAfterQueries }) => memoryAfterQueries.own)),
  };
}

/** How many queries follow the first answer before the memory is taken. */
const askedQueries = 100;
const results = [];
for (const [read, readTexts] of [
  [sift, undefined],
  [wordnet, wordnetTexts],
]) {
  const data = read();
  const rows = Math.min(Number(options.items ?? data.rows), data.rows);
  const queries = Array.from({ length: askedQueries }, (_, i) =>
    Buffer.from(data.query(i).slice().buffer),
  );
  writeFileSync(queriesFile, Buffer.concat(queries));
  const json = jsonBytes({ items: data.items(rows), texts: readTexts?.() });
  const measured = [await measure('quiver', './quiver.mjs', data, rows)];
  for (const peer of installed) {
    const { metrics } = await import(`./peers/${peer}.mjs`);
    if (metrics.includes(data.metric))
      measured.push(await measure(peer, `./peers/${peer}.mjs`, data, rows));
  }

  const parts = bytesByPurpose(measured[0].folder);
  const total = measured[0].bytes;
  const raw = rows * data.dimensions * 4;
  printTable(
    `${data.name}: ${count(rows)} × ${data.dimensions}, what the ${megabytes(total)} on the disk are for`,
    ['', 'bytes', 'an item', 'share'],
    Object.entries(parts).map(([part, bytes]) => [
      part,
      megabytes(bytes),
      (bytes / rows).toFixed(1),
      `${((bytes / total) * 100).toFixed(1)}%`,
    ]),
  );
  const core = parts.vectors + parts.graph;
  const size = (bytes) => [megabytes(bytes), (bytes / core).toFixed(2), (bytes / raw).toFixed(2)];
  const none = ['', '', '', '', '', ''];
  printTable(
    `${data.name}: size, and reopening in a fresh process with a warm page cache (median of ${openings})`,
    [
      '',
      'bytes',
      '÷ vectors and graph',
      '÷ float32',
      'build s',
      'load ms',
      'open ms',
      'first answer ms',
      'open to answer ms',
      'memory',
    ],
    [
      ['vectors and graph', ...size(core), ...none],
      ['JSON', ...size(json), ...none],
      ...measured.map((one) => [
        one.name,
        ...size(one.bytes),
        one.buildSeconds.toFixed(1),
        milliseconds(one.loadMs),
        milliseconds(one.openMs),
        milliseconds(one.firstAnswerMs),
        milliseconds(one.reopenMs),
        megabytes(one.resident),
      ]),
    ],
  );
  results.push({ set: data.name, rows, parts, json, measured });
}
if (installed.length < peers.length)
  console.log('\nTo compare with peers: npm --prefix bench/peers install');
saveJson(results);
