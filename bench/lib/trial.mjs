// One measurement of one library in a process that has done nothing else: JSON in, JSON out (inFreshProcess).
//   measure: builds an index of the data, then asks: the curve of recall and speed, concurrent callers, stalls, memory, disk
//   filter:  builds an index of items with numbers in fields, then asks for those in ranges of them
//   store:   builds an index of items with metadata and leaves it in the folder
//   open:    how long until that index is open and until the first answer, and the memory of both

import { readFileSync } from 'node:fs';
import { savedData, wordnetTexts } from './data.mjs';
import { askAll, askConcurrently, folderSize, memory, timed, withStalls } from './measure.mjs';

const topK = 10;
const mostMsOfPoint = 20_000;
const warmUpMs = 2000; // code is compiled, and pages come in
const concurrentMs = 2000;
const callers = 16;

const request = JSON.parse(readFileSync(0, 'utf8'));
const peer = await import(`../peers/${request.peer}.mjs`);
const { folder, variant } = request;
const data = savedData(request.data);
const settings = {
  metric: data.metric,
  dimensions: data.dimensions,
  m: 16,
  efConstruction: 200,
  ...variant,
};
const say = (text) => process.stderr.write(`${text}\n`);
console.log = say; // some libraries talk, and the last line of stdout is the result
const commands = { measure, filter, store, open };
if (request.command !== 'open') await peer.load(settings); // there it is measured
const result = await commands[request.command]();
process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit(0)); // a library's threads may still run

/** The curve: recall and speed of one caller, for each ef. */
async function curve(index, queries) {
  const { nearest } = request;
  const efs = peer.isExact ? [0] : peer.fixedEf ? [peer.fixedEf] : request.efs;
  const asking = (ef) => (vector) => index.query(vector, topK, ef);
  await askAll(queries, nearest, asking(efs[efs.length >> 1]), warmUpMs);
  const points = [];
  for (const ef of efs) {
    await asking(ef)(queries[0]); // some read their index again for another ef
    points.push({ ef, ...(await askAll(queries, nearest, asking(ef), mostMsOfPoint)) });
  }
  return points;
}

/** Many at once, the way that the library has for it, at the first ef that finds 95%; undefined when it has none. */
async function many(index, queries, points) {
  const { ef } = points.find(({ recall }) => recall >= 0.95) ?? points.at(-1);
  if (index.queryMany) {
    let asked = 0;
    const ms = await timed(async () => {
      const from = performance.now();
      while (performance.now() - from < concurrentMs) {
        await index.queryMany(queries, topK, ef);
        asked += queries.length;
      }
    });
    return { how: 'one call for all', ef, qps: (asked / ms) * 1000 };
  }
  const ask = index.queryAsync ?? index.query;
  const answer = ask(queries[0], topK, ef);
  if (typeof answer?.then !== 'function') return undefined;
  await answer;
  const { qps } = await askConcurrently(
    callers,
    queries,
    (vector) => ask(vector, topK, ef),
    concurrentMs,
  );
  return { how: `${callers} callers`, ef, qps };
}

async function measure() {
  const items = data.items();
  global.gc();
  const before = memory();
  let index;
  const { ms, stallMs } = await withStalls(async () => {
    index = await peer.build(folder, items, settings);
  });
  global.gc();
  const after = memory();
  const queries = data.allQueries();
  const points = await curve(index, queries);
  const concurrent = await many(index, queries, points);
  await index.save?.(folder);
  await index.close?.();
  const { bytes } = folderSize(folder);
  return {
    buildSeconds: ms / 1000,
    stallMs,
    memory: after.resident - before.resident,
    diskBytes: bytes > 0 ? bytes : undefined,
    points,
    concurrent,
  };
}

/** Of each range, recall and speed at the first ef that finds enough; of `columns` each item has a number. */
async function filter() {
  const { columns, ranges, efs, enough, mostMs } = request;
  const describe = (row) => ({
    row,
    ...Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row]])),
  });
  const items = data.items(0, data.rows, describe);
  const fields = Object.keys(columns);
  const index = await peer.build(folder, items, { ...settings, fields });
  const queries = data.allQueries();
  const results = [];
  for (const { range, nearest } of ranges) {
    let result;
    for (const ef of variant.ownEf ? [undefined] : peer.isExact ? [0] : efs) {
      const ask = (vector) => index.query(vector, topK, ef, range);
      await askAll(queries.slice(0, 20), nearest, ask, mostMs / 10);
      result = { ef, ...(await askAll(queries, nearest, ask, mostMs)) };
      if (result.recall >= enough) break;
    }
    results.push(result);
  }
  await index.close?.();
  return results;
}

/** WordNet's items have their own ids and what it says of each; the others their row. */
function describedItems() {
  const items = data.items();
  if (request.data.name !== 'wordnet30k') return items;
  const texts = wordnetTexts(data);
  return items.map((item, row) => {
    const { id, ...metadata } = texts[row];
    return { ...item, id, metadata };
  });
}

async function store() {
  const items = describedItems();
  const started = performance.now();
  const index = await peer.build(folder, items, settings);
  const seconds = (performance.now() - started) / 1000;
  await index.save?.(folder);
  await index.close?.();
  return { seconds };
}

async function open() {
  const queries = data.allQueries();
  const before = memory();
  const start = performance.now();
  await peer.load(settings);
  const loaded = performance.now();
  const index = await peer.open(folder, { ...settings, rows: request.rows });
  const opened = performance.now();
  const atOpen = memory();
  const first = await index.query(queries[0], topK, 160);
  const answered = performance.now();
  if (first.length !== topK)
    throw new Error(`${request.peer} found ${first.length} items instead of ${topK}`);
  for (const query of queries.slice(1)) await index.query(query, topK, 160);
  const after = memory();
  await index.close?.();
  const grown = (now) => ({
    resident: now.resident - before.resident,
    own: now.own - before.own,
  });
  return {
    loadMs: loaded - start,
    openMs: opened - loaded,
    firstAnswerMs: answered - opened,
    memoryAtOpen: grown(atOpen),
    memoryAfterQueries: grown(after),
  };
}
