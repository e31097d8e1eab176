// Makes the golden folder of a format: what a release wrote, for every later one to read.
//   npm run build && node test/golden/make.mjs format-1
// Only for a version that is not released yet: afterwards its folder never changes.

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LocalIndex } from 'quiverdb';
import { describeIndex, queryVectors } from './describe.mjs';

const [name] = process.argv.slice(2);
if (name === undefined) throw new Error('usage: node test/golden/make.mjs NAME');
const folder = join(import.meta.dirname, name);
rmSync(folder, { recursive: true, force: true });

const dimensions = 6;
let state = 1;
/** mulberry32. */
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const vector = () => Float32Array.from({ length: dimensions }, () => Math.fround(random() - 0.5));

const colours = ['red', 'green', 'blue', 'ünïcödé 颜色 🎨', ''];
/** Every kind of column, shapes that many rows share, and shapes of one row. */
function metadata(i) {
  const common = {
    number: i - 600,
    price: Math.fround(random() * 100),
    colour: colours[i % colours.length],
    text: `A text of item ${i}: ${'word '.repeat(i % 20)}`,
    flag: i % 3 === 0,
  };
  if (i % 7 === 0) return { ...common, tags: [`t${i % 4}`, i, null], nested: { a: { b: i / 3 } } };
  if (i % 11 === 0) return { [`only in ${i}`]: -0, big: 2 ** 53 - 1, none: null };
  if (i % 13 === 0) return {};
  return common;
}
const item = (i) => ({ id: i % 5 === 0 ? `ïd/${i}` : `item-${i}`, vector: vector(), metadata: metadata(i) });
const items = (from, to) => Array.from({ length: to - from }, (_, i) => item(from + i));

const options = { dimensions, metric: 'cosine', M: 4, efConstruction: 40, sealThreshold: 50 };
const index = new LocalIndex(folder, options);
await index.createIndex({ version: 7, metadata_config: { indexed: ['number', 'colour'] } });
// A segment with a graph, some of its rows deleted; one without; and a log of its own.
await index.insertItems(items(0, 1100));
await index.optimize();
await index.insertItems(items(1100, 1180));
while (!(await index.getPerformanceMetrics()).maintenance.idle) await pause(20);
await index.deleteItems(['item-3', 'ïd/10', 'item-1101']);
await index.upsertItems([{ ...item(4), metadata: { replaced: true } }]);
await index.updateItems([{ id: 'item-1102', metadata: { number: 0.5 } }]);
await index.beginUpdate();
await index.insertItems(items(1180, 1190));
await index.deleteItem('item-1181');
await index.endUpdate();
await index.close();
// It names the machine that it was made on, and says no more than that nobody writes.
for (const file of readdirSync(folder).filter((each) => each.startsWith('lock-')))
  rmSync(join(folder, file));

const made = new LocalIndex(folder, { readOnly: true });
const expected = await describeIndex(made, queryVectors(dimensions));
await made.close();
writeFileSync(`${folder}.json`, `${JSON.stringify(expected, null, 2)}\n`);
console.log(`${folder}: ${expected.items} items in ${expected.segments.length} segments and a log`);
