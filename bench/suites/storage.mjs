// Beside Quiver: raw JSON, and the libraries that keep an index on the disk. Each figure comes from a process of its own.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataSets, wordnetTexts } from '../lib/data.mjs';
import { libraries } from '../lib/libraries.mjs';
import { folderSize, inFreshProcess } from '../lib/measure.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { bytesByPurpose } from '../lib/sections.mjs';
import { median } from '../lib/statistics.mjs';
import { count, fixed, megabytes, milliseconds } from '../report/text.mjs';

const openings = numberOption('rounds', 20);
/** How many queries follow the first answer before the memory is taken. */
const askedQueries = 100;

const folder = scratch();
const all = await libraries();
const failures = all.filter(({ failure }) => failure).map(({ label, failure }) => [label, failure]);

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

async function measure({ label, peer, variant, version }, data, saved) {
  const place = join(folder, 'index');
  mkdirSync(place);
  const trial = (command) =>
    inFreshProcess('lib/trial.mjs', { command, peer, variant, folder: place, data: saved });
  try {
    progress(`${data.name}: build ${label}`);
    const { seconds } = await trial('store');
    const opened = [];
    for (let i = 0; i <= openings; i++) {
      progress(`${data.name}: open ${label}, ${i} of ${openings}`);
      opened.push(await trial('open'));
    }
    opened.shift(); // the first one may have brought pages into memory
    const middle = (value) => median(opened.map(value));
    return {
      label,
      version,
      bytes: folderSize(place).bytes,
      parts: label === 'quiver' ? bytesByPurpose(place) : undefined,
      buildSeconds: seconds,
      loadMs: middle(({ loadMs }) => loadMs),
      openMs: middle(({ openMs }) => openMs),
      firstAnswerMs: middle(({ firstAnswerMs }) => firstAnswerMs),
      reopenMs: middle(({ openMs, firstAnswerMs }) => openMs + firstAnswerMs),
      resident: middle(({ memoryAfterQueries }) => memoryAfterQueries.resident),
      own: middle(({ memoryAfterQueries }) => memoryAfterQueries.own),
    };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function measureAll(data) {
  const measured = [];
  // Not the whole of its answers is asked for here, so their number is cut before it is saved.
  const saved = data.part(data.rows, Math.min(askedQueries, data.queries)).save(folder);
  for (const library of all) {
    if (library.failure || !library.canOpen || !library.metrics.includes(data.metric)) continue;
    try {
      measured.push(await measure(library, data, saved));
    } catch (error) {
      failures.push([`${library.label}, ${data.name}`, error.message]);
    }
  }
  return measured;
}

/** What the bytes on the disk are for; nothing when --only leaves Quiver out. */
function partsSection({ data, rows, dimensions, measured }) {
  const own = measured.find(({ label }) => label === 'quiver');
  if (!own) return [];
  return [
    {
      title: `${data}: ${count(rows)} × ${dimensions}, what Quiver's ${megabytes(own.bytes)} are for`,
      note: `${fixed(own.bytes / (own.parts.vectors + own.parts.graph), 2)} × the vectors and the graph.`,
      table: {
        headings: ['', 'bytes', 'an item', 'share'],
        rows: Object.entries(own.parts).map(([part, bytes]) => [
          part,
          megabytes(bytes),
          fixed(bytes / rows, 1),
          `${fixed((bytes / own.bytes) * 100, 1)}%`,
        ]),
      },
    },
  ];
}

function sizeSection({ data, rows, dimensions, json, measured }) {
  const raw = rows * dimensions * 4;
  const size = (bytes) => [megabytes(bytes), fixed(bytes / raw, 2)];
  return {
    title: `${data}: size, and reopening in a fresh process with a warm page cache`,
    note: `Medians of ${openings}; memory after ${askedQueries} queries.`,
    chart: {
      kind: 'bars',
      label: 'milliseconds to the first answer',
      bars: measured.map(({ label, reopenMs }) => ({
        name: label,
        value: reopenMs,
        text: `${milliseconds(reopenMs)} ms to the first answer`,
      })),
    },
    table: {
      headings: [
        '',
        'bytes',
        '÷ float32',
        'build s',
        'load ms',
        'open ms',
        'first answer ms',
        'open to answer ms',
        'memory',
        'version',
      ],
      rows: [
        ['JSON', ...size(json), '', '', '', '', '', '', ''],
        ...measured.map((one) => [
          one.label,
          ...size(one.bytes),
          fixed(one.buildSeconds, 1),
          milliseconds(one.loadMs),
          milliseconds(one.openMs),
          milliseconds(one.firstAnswerMs),
          milliseconds(one.reopenMs),
          megabytes(one.resident),
          one.version,
        ]),
      ],
    },
  };
}

const results = [];
for (const data of dataSets(['sift200k', 'wordnet30k'])) {
  const texts = data.name === 'wordnet30k' ? wordnetTexts(data) : undefined;
  results.push({
    data: data.name,
    rows: data.rows,
    dimensions: data.dimensions,
    json: jsonBytes({ items: data.items(), texts }),
    measured: await measureAll(data),
  });
}

export const report = {
  sections: [
    ...results.flatMap((result) => [...partsSection(result), sizeSection(result)]),
    ...(failures.length > 0
      ? [{ title: 'Not measured', table: { headings: ['', 'why'], rows: failures } }]
      : []),
  ],
  figures: { results, failures: Object.fromEntries(failures) },
};
