const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { LocalIndex, QuiverError } = require('quiverdb');

let folder;
let index;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quiver-jest-'));
  index = new LocalIndex(join(folder, 'index'), { dimensions: 3 });
  await index.createIndex({ version: 1 });
});

afterEach(async () => {
  await index.close();
  rmSync(folder, { recursive: true, force: true });
});

// Float32Array is the sandbox's own here, not the one that the addon was loaded with.
const items = [
  { id: 'apple', vector: Float32Array.of(1, 0, 0), metadata: { kind: 'fruit', price: 1.2 } },
  { id: 'pear', vector: Float32Array.of(0.9, 0.1, 0), metadata: { kind: 'fruit', price: 1.5 } },
  { id: 'hammer', vector: [0, 0, 1], metadata: { kind: 'tool', price: 14 } },
];

test('the expected backend runs', async () => {
  expect((await index.getPerformanceMetrics()).backend).toBe(process.env.EXPECTED_BACKEND);
});

test('items are stored, found and filtered', async () => {
  await index.insertItems(items);
  const found = await index.queryItems(Float32Array.of(1, 0, 0), '', 10, { price: { $gt: 1.3 } });
  expect(found.map(({ item }) => item.id)).toEqual(['pear', 'hammer']);
  expect(found[0].item.metadata).toEqual({ kind: 'fruit', price: 1.5 });
  expect(found[0].score).toBeCloseTo(0.9939, 3);
});

test('a stream comes best first', async () => {
  await index.insertItems(items);
  const ids = [];
  for await (const batch of index.queryStream([1, 0, 0], { batchSize: 2 })) {
    ids.push(...batch.map(({ item }) => item.id));
  }
  expect(ids).toEqual(['apple', 'pear', 'hammer']);
});

test('what was stored is there after closing and opening', async () => {
  await index.insertItems(items);
  await index.close();
  index = new LocalIndex(join(folder, 'index'));
  expect((await index.getItem('hammer')).vector).toEqual(Float32Array.of(0, 0, 1));
  expect((await index.getIndexStats()).items).toBe(3);
});

test('an error has a class and a code', async () => {
  await index.insertItems(items);
  const error = await index.insertItem(items[0]).catch((reason) => reason);
  expect(error).toBeInstanceOf(QuiverError);
  expect(error).toBeInstanceOf(Error);
  expect(error.code).toBe('ITEM_EXISTS');
  expect(error.details.id).toBe('apple');
});
