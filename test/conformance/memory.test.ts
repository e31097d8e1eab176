import { expect, test } from 'vitest';
import { LocalIndex as BrowserIndex } from '../../js/browser.ts';
import { LocalIndex } from '../../js/index.ts';
import { errorOf } from './helpers.ts';

test('memory: folders are in memory, under their name', async () => {
  const folder = 'memory:a';
  const index = new LocalIndex(folder);
  await index.createIndex();
  await index.insertItem({ id: 'a', vector: [1, 2] });
  expect((await index.getPerformanceMetrics()).backend).toBe('wasm');
  await index.close();
  const again = new LocalIndex(folder);
  expect(await again.queryItems([1, 2], '', 1)).toMatchObject([{ item: { id: 'a' } }]);
  expect(await new LocalIndex(`${folder}2`).isIndexCreated()).toBe(false);
  await again.deleteIndex();
  expect(await again.isIndexCreated()).toBe(false);
});

test('the native backend has no memory folders', async () => {
  expect((await errorOf(() => new LocalIndex('memory:x', { backend: 'native' }))).code).toBe(
    'INVALID_ARGUMENT',
  );
});

test('the entry for browsers says that Node is none', async () => {
  for (const options of [{ backend: 'native' }, {}] as const) {
    const error = await errorOf(() => new BrowserIndex('x', options).listItems());
    expect(error.code).toBe('BACKEND_UNAVAILABLE');
    expect(error.message).toMatch(/browser/);
  }
});

test('repairs and restores in memory', async () => {
  const name = (part: string): string => `memory:restored ${part}`;
  const index = new LocalIndex(name('a'));
  await index.createIndex();
  await index.insertItem({ id: 'a', vector: [1, 2] });
  await index.snapshot(name('snapshot'));
  await index.insertItem({ id: 'b', vector: [1, 2] });
  await index.restore(name('snapshot'));
  expect((await index.listItems()).map(({ id }) => id)).toEqual(['a']);
  await index.close();
  expect(await LocalIndex.repair(name('a'), name('repaired'))).toMatchObject({
    itemsKept: 1,
    problems: [],
  });
  expect(await new LocalIndex(name('repaired')).queryItems([1, 2], '', 1)).toMatchObject([
    { item: { id: 'a' } },
  ]);
  expect((await errorOf(() => LocalIndex.repair(name('a'), name('repaired')))).code).toBe(
    'INDEX_EXISTS',
  );
});

test('the native backend repairs nothing in memory', async () => {
  const repair = (): Promise<unknown> =>
    LocalIndex.repair('memory:a', 'memory:b', { backend: 'native' });
  expect((await errorOf(repair)).code).toBe('INVALID_ARGUMENT');
});
