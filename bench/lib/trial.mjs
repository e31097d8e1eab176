// One measurement in a process that has done nothing else; the other benchmarks start it.
//   build: makes the index and says how long that took
//   open:  how long until the index is open and until the first answer, and the memory of both

import { readFileSync } from 'node:fs';
import { sift, wordnet, wordnetTexts } from './data.mjs';
import { memory } from './measure.mjs';

const request = JSON.parse(readFileSync(0, 'utf8'));
const commands = { build, open };
console.log(JSON.stringify(await commands[request.command](request)));

async function build({ driver, folder, set, items: count }) {
  const data = set === 'wordnet30k' ? wordnet() : sift();
  const items = data.items(count);
  if (set === 'wordnet30k') {
    const texts = wordnetTexts();
    for (const [row, item] of items.entries()) {
      const { id, ...metadata } = texts[row];
      item.id = id;
      item.metadata = metadata;
    }
  }
  const { metric, dimensions } = data;
  const { buildIndex } = await import(driver);
  const started = performance.now();
  await buildIndex(folder, { metric, dimensions, items });
  return { seconds: (performance.now() - started) / 1000 };
}

async function open({ driver, folder, metric, dimensions, rows, queries: file }) {
  const bytes = readFileSync(file);
  const queries = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const query = (i) => queries.subarray(i * dimensions, (i + 1) * dimensions);
  const before = memory();
  const start = performance.now();
  const { loadLibrary, openIndex } = await import(driver);
  await loadLibrary?.();
  const loaded = performance.now();
  const index = await openIndex(folder, { metric, dimensions, rows });
  const opened = performance.now();
  const atOpen = memory();
  const first = await index.query(query(0));
  const answered = performance.now();
  if (first !== 10) throw new Error(`${driver} found ${first} items instead of 10`);
  for (let i = 1; i < queries.length / dimensions; i++) await index.query(query(i));
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
