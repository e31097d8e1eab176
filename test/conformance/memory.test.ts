import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { LocalIndex as BrowserIndex } from '../../js/browser.ts';
import { LocalIndex } from '../../js/index.ts';
import { errorOf } from './helpers.ts';

// A browser fetches quiver.wasm; Node's fetch knows no files.
vi.stubGlobal('fetch', async (url: string | URL) => {
  const headers = { 'content-type': 'application/wasm' };
  return new Response(await readFile(new URL(url)), { headers });
});

test.each([
  ['index.ts', LocalIndex],
  ['browser.ts', BrowserIndex],
])('%s keeps memory: folders in memory, under their name', async (entry, Index) => {
  const folder = `memory:${entry}`;
  const index = new Index(folder);
  await index.createIndex();
  await index.insertItem({ id: 'a', vector: [1, 2] });
  expect((await index.getPerformanceMetrics()).backend).toBe('wasm');
  await index.close();
  const again = new Index(folder);
  expect(await again.queryItems([1, 2], '', 1)).toMatchObject([{ item: { id: 'a' } }]);
  expect(await new Index(`${folder}2`).isIndexCreated()).toBe(false);
  await again.deleteIndex();
  expect(await again.isIndexCreated()).toBe(false);
});

test('the native backend has no memory folders', async () => {
  expect((await errorOf(() => new LocalIndex('memory:x', { backend: 'native' }))).code).toBe(
    'INVALID_ARGUMENT',
  );
  expect((await errorOf(() => new BrowserIndex('x', { backend: 'native' }).listItems())).code).toBe(
    'BACKEND_UNAVAILABLE',
  );
});

test.each([
  ['index.ts', LocalIndex],
  ['browser.ts', BrowserIndex],
])('%s repairs and restores in memory', async (entry, Index) => {
  const name = (part: string): string => `memory:${entry} ${part}`;
  const index = new Index(name('a'));
  await index.createIndex();
  await index.insertItem({ id: 'a', vector: [1, 2] });
  await index.snapshot(name('snapshot'));
  await index.insertItem({ id: 'b', vector: [1, 2] });
  await index.restore(name('snapshot'));
  expect((await index.listItems()).map(({ id }) => id)).toEqual(['a']);
  await index.close();
  expect(await Index.repair(name('a'), name('repaired'))).toMatchObject({
    itemsKept: 1,
    problems: [],
  });
  expect(await new Index(name('repaired')).queryItems([1, 2], '', 1)).toMatchObject([
    { item: { id: 'a' } },
  ]);
  expect((await errorOf(() => Index.repair(name('a'), name('repaired')))).code).toBe(
    'INDEX_EXISTS',
  );
});

test('the native backend repairs nothing in memory', async () => {
  const repair = (): Promise<unknown> =>
    LocalIndex.repair('memory:a', 'memory:b', { backend: 'native' });
  expect((await errorOf(repair)).code).toBe('INVALID_ARGUMENT');
});
