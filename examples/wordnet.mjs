// The main job on real data: 6,000 senses of WordNet, indexed, searched, closed, opened and searched again.
// Run it with `npm start`.

import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalIndex } from 'quiverdb';

const DIMENSIONS = 384;
const FOLDER = join(tmpdir(), 'quiver-wordnet');
const data = (name) => new URL(`./data/${name}`, import.meta.url);
const style = (code, text) => (process.stdout.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text);
const bold = (text) => style(1, text);
const dim = (text) => style(2, text);
const ms = (since) => `${(performance.now() - since).toFixed(0)} ms`;

/** Float16 to float32: sign, 5 bits of exponent, 10 of mantissa. */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

async function loadSenses() {
  const lines = (await readFile(data('wordnet.jsonl'), 'utf8')).trim().split('\n');
  const bytes = await readFile(data('wordnet.f16bin'));
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  return lines.map((line, row) => {
    const { id, ...metadata } = JSON.parse(line);
    const vector = Float32Array.from(
      halves.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS),
      fromHalf,
    );
    return { id, vector, metadata };
  });
}

/** Draws over itself on a terminal; elsewhere only the end is printed. */
function progressBar(label) {
  const interactive = process.stdout.isTTY;
  let line = '';
  return {
    show({ done, total }) {
      const share = total === 0 ? 1 : done / total;
      line = `  ${label} ${'█'.repeat(Math.round(share * 30)).padEnd(30, '░')} ${done}/${total}`;
      if (interactive) process.stdout.write(`\r${line}`);
    },
    end() {
      console.log(interactive ? '' : line);
    },
  };
}

function print(results) {
  for (const { item, score } of results) {
    const { words, domain, gloss } = item.metadata;
    console.log(
      `    ${score.toFixed(3)}  ${bold(words.join(', '))} ${dim(`[${domain}]`)} ${gloss.slice(0, 70)}`,
    );
  }
}

async function ask(index, senses, word, filter) {
  const sense = senses.find(({ metadata }) => metadata.words.includes(word));
  const started = performance.now();
  const results = await index.queryItems(sense.vector, '', 6, filter);
  const took = (performance.now() - started).toFixed(2);
  const where = filter === undefined ? '' : `, only ${JSON.stringify(filter)}`;
  console.log(
    `\n  Nearest to ${bold(word)} (${sense.metadata.gloss.slice(0, 50)})${where}  ${dim(`${took} ms`)}`,
  );
  print(results.filter(({ item }) => item.id !== sense.id).slice(0, 5));
  return results.map(({ item }) => item.id);
}

async function recallAt10(index, senses, queries) {
  let found = 0;
  for (let i = 0; i < queries; i++) {
    const { vector } = senses[Math.floor((i * senses.length) / queries)];
    const exact = await index.query({ vector, topK: 10, exact: true });
    const ids = new Set(exact.map(({ item }) => item.id));
    const results = await index.query({ vector, topK: 10 });
    found += results.filter(({ item }) => ids.has(item.id)).length;
  }
  return found / (queries * 10);
}

console.log(bold('\nQuiver: 6,000 senses of WordNet'));
const senses = await loadSenses();
await rm(FOLDER, { recursive: true, force: true });

let index = new LocalIndex(FOLDER, { dimensions: DIMENSIONS });
await index.createIndex({ version: 1 });

let started = performance.now();
const inserted = progressBar('insert');
await index.insertItems(senses, {
  batchSize: 500,
  onProgress: ({ done }) => inserted.show({ done, total: senses.length }),
});
inserted.end();
console.log(`  inserted ${senses.length} × ${DIMENSIONS}, each batch on the disk: ${ms(started)}`);

started = performance.now();
const built = progressBar('graph ');
await index.optimize({ onProgress: built.show });
built.end();
console.log(`  graph built: ${ms(started)}`);

const before = await ask(index, senses, 'owl');
await ask(index, senses, 'thunderstorm');
await ask(index, senses, 'bread', { domain: 'noun.artifact' });
await ask(index, senses, 'happiness', { domain: { $in: ['verb.emotion', 'noun.event'] } });

console.log(
  `\n  recall@10 against exact search: ${bold((await recallAt10(index, senses, 200)).toFixed(4))}`,
);
const metrics = await index.getPerformanceMetrics();
console.log('\n  getPerformanceMetrics():');
console.log(
  Object.entries(metrics)
    .map(([name, value]) => `    ${name.padEnd(18)} ${JSON.stringify(value)}`)
    .join('\n'),
);

await index.close();
started = performance.now();
index = new LocalIndex(FOLDER);
console.log(
  `\n  closed and opened again: ${(await index.getIndexStats()).items} items in ${ms(started)}`,
);
const after = await ask(index, senses, 'owl');
console.log(`\n  same answers as before: ${after.join() === before.join() ? 'yes' : 'NO'}`);
await index.close();
await rm(FOLDER, { recursive: true, force: true });
if (after.join() !== before.join()) process.exitCode = 1;
