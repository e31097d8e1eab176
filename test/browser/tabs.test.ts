// Method: each worker has its own Web Locks, channels and files as one in another tab has; so two indexes with a worker each
// are two tabs, and to end a worker is to close its tab at any moment.
import { afterEach, describe, expect, test } from 'vitest';
import { LocalIndex, type LocalIndexOptions, QuiverError } from '../../js/browser.ts';
import { indexedDbFolders } from '../../js/storage/indexed-db.ts';
import { opfsFolders } from '../../js/storage/opfs.ts';
import { startWorker } from '../../js/worker/start.ts';
import { errorOf, randomVectors } from '../conformance/helpers.ts';

const storages = ['opfs', 'indexeddb'] as const;
const tabs: Tab[] = [];

/** A worker that can be ended, and indexes that are in it. */
class Tab {
  readonly storage: (typeof storages)[number];
  #workers: Worker[] = [];
  readonly #source = (): Worker => {
    const worker = startWorker();
    this.#workers.push(worker);
    return worker;
  };

  constructor(storage: (typeof storages)[number]) {
    this.storage = storage;
    tabs.push(this);
  }

  index(folder: string, options: LocalIndexOptions = {}): LocalIndex<{ n: number }> {
    return new LocalIndex(folder, { ...options, storage: this.storage, worker: this.#source });
  }

  close(): void {
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }
}

afterEach(() => {
  for (const tab of tabs.splice(0)) tab.close();
});

const newName = (): string => `tabs ${crypto.randomUUID()}`;
const item = (n: number): { id: string; vector: number[]; metadata: { n: number } } => ({
  id: `id${n}`,
  vector: [Math.sin(n), Math.cos(n), n % 7],
  metadata: { n },
});
const idsOf = async (index: LocalIndex<{ n: number }>): Promise<string[]> =>
  (await index.listItems()).map(({ id }) => id);

describe.each(storages)('tabs over %s', (storage) => {
  test('read and write one index together', async () => {
    const folder = newName();
    const [a, b, c] = [0, 1, 2].map(() => new Tab(storage).index(folder)) as [
      LocalIndex<{ n: number }>,
      LocalIndex<{ n: number }>,
      LocalIndex<{ n: number }>,
    ];
    await a.createIndex();
    await a.insertItem(item(1));
    expect(await idsOf(b)).toEqual(['id1']);
    await Promise.all([b.insertItem(item(2)), a.insertItem(item(3)), c.insertItem(item(4))]);
    for (const each of [a, b, c])
      expect((await idsOf(each)).sort()).toEqual(['id1', 'id2', 'id3', 'id4']);
    expect((await errorOf(() => c.insertItem(item(2)))).code).toBe('ITEM_EXISTS');
    expect((await errorOf(() => c.insertItem(item(2)))).details).toMatchObject({ id: 'id2' });
    await b.beginUpdate();
    await b.insertItem(item(5));
    expect(await a.getItem('id5')).toBeUndefined();
    await b.endUpdate();
    expect(await a.getItem('id5')).toMatchObject({ metadata: { n: 5 } });
    await Promise.all([a.close(), b.close(), c.close()]);
  });

  test('go on when the one that has the files open is closed, with all that was acknowledged', async () => {
    const folder = newName();
    const [first, second] = [new Tab(storage), new Tab(storage)];
    const a = first.index(folder, { sealThreshold: 100 });
    const b = second.index(folder, { sealThreshold: 100 });
    await a.createIndex();
    await a.insertItem(item(0));
    await b.insertItem(item(1)); // through the first tab
    const acknowledged = new Set(['id0', 'id1']);
    const failed: QuiverError[] = [];
    const write = async (index: LocalIndex<{ n: number }>, from: number): Promise<void> => {
      for (let n = from; n < from + 400; n++) {
        try {
          await index.insertItem(item(n));
          acknowledged.add(`id${n}`);
        } catch (error) {
          failed.push(error as QuiverError);
          if (index === a) return;
        }
        if (n === from + 150 && index === b) first.close();
      }
    };
    await Promise.all([write(b, 1000), write(a, 2000)]);
    for (const error of failed) {
      expect(error).toBeInstanceOf(QuiverError);
      expect(error.code).toBe('ENGINE_LOST');
    }
    expect(acknowledged.size).toBeGreaterThan(380);
    const there = new Set(await idsOf(b));
    for (const id of acknowledged) expect(there).toContain(id);
    expect(await b.verify()).toMatchObject({ ok: true });
    // The first goes on in a new worker, through the second.
    await a.upsertItem(item(3000));
    expect(await b.getItem('id3000')).toBeDefined();
    await Promise.all([a.close(), b.close()]);
  });

  test('what was asked of a closed tab is asked again, or said to be lost', async () => {
    const folder = newName();
    const [first, second] = [new Tab(storage), new Tab(storage)];
    const a = first.index(folder);
    const b = second.index(folder);
    await a.createIndex();
    const vectors = randomVectors(3000, 64, 3);
    const items = vectors.map((vector, n) => ({ id: `id${n}`, vector, metadata: { n } }));
    await a.insertItems(items);
    const stream = b.listItemsStream({ batchSize: 10 });
    expect((await stream.next()).value).toHaveLength(10);
    await b.beginUpdate();
    await b.deleteItem('id1');
    const reading = Promise.all(
      vectors.slice(0, 20).map((vector) => b.query({ vector, topK: 1, exact: true })),
    );
    first.close();
    expect((await reading).map((found) => found[0]?.item.id)).toEqual(
      Array.from({ length: 20 }, (_, n) => `id${n}`),
    );
    expect((await errorOf(() => stream.next())).code).toBe('ENGINE_LOST');
    expect((await errorOf(() => b.endUpdate())).code).toBe('ENGINE_LOST');
    // Neither stands in the way of new ones.
    expect((await b.listItems()).length).toBe(3000);
    await b.beginUpdate();
    await b.deleteItem('id2');
    expect(await b.endUpdate()).toMatchObject({ deleted: 1 });
    await b.close();
  });

  test('see that an index was deleted and made again', async () => {
    const folder = newName();
    const a = new Tab(storage).index(folder);
    const b = new Tab(storage).index(folder);
    await a.createIndex();
    await a.insertItem(item(1));
    expect(await b.isIndexCreated()).toBe(true);
    await b.close();
    await a.deleteIndex();
    const again = new Tab(storage).index(folder);
    expect(await again.isIndexCreated()).toBe(false);
    await again.createIndex();
    await again.insertItem(item(2));
    expect(await idsOf(a)).toEqual(['id2']);
  });

  test('an index is there after all tabs were closed', async () => {
    const folder = newName();
    for (let round = 0; round < 4; round++) {
      const tab = new Tab(storage);
      const index = tab.index(folder, { sealThreshold: 50 });
      if (round === 0) await index.createIndex();
      expect(await idsOf(index)).toHaveLength(round * 100);
      for (let n = 0; n < 100; n += 10)
        await index.insertItems(Array.from({ length: 10 }, (_, i) => item(round * 100 + n + i)));
      tab.close(); // without closing the index
    }
    const index = new Tab(storage).index(folder);
    expect(await index.verify()).toEqual({ ok: true, items: 400, problems: [] });
  });

  test('what a closed tab was importing or exporting is removed by the next one', async () => {
    const folder = newName();
    const first = new Tab(storage);
    const a = first.index(folder);
    await a.createIndex();
    await a.insertItems(Array.from({ length: 500 }, (_, n) => item(n)));
    await a.exportArchive().getReader().read();
    const leftovers = async (): Promise<string[]> =>
      (await (storage === 'opfs' ? opfsFolders() : indexedDbFolders())).filter((name) =>
        name.startsWith(`${folder}.export-`),
      );
    expect(await leftovers()).toHaveLength(1);
    first.close();
    const b = new Tab(storage).index(folder);
    expect(await idsOf(b)).toHaveLength(500);
    await expect.poll(leftovers, { timeout: 20_000 }).toEqual([]);
  });

  test('an export that nobody reads on for long is nothing left behind', async () => {
    const folder = newName();
    const a = new Tab(storage).index(folder);
    await a.createIndex();
    await a.insertItems(Array.from({ length: 500 }, (_, n) => item(n)));
    const reader = a.exportArchive().getReader();
    const parts = [(await reader.read()).value as Uint8Array<ArrayBuffer>];
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const b = new Tab(storage).index(folder);
    expect(await idsOf(b)).toHaveLength(500); // its worker has looked for what was left behind
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value as Uint8Array<ArrayBuffer>);
    }
    const options = { storage } as const;
    const copy = await LocalIndex.importArchive(new Blob(parts), `${folder} copy`, options);
    expect(await copy.verify()).toMatchObject({ ok: true, items: 500 });
    await copy.close();
  });

  test('a copy of what another tab has open is refused', async () => {
    const [source, target] = [newName(), newName()];
    const a = new Tab(storage).index(source);
    const b = new Tab(storage).index(target);
    await a.createIndex();
    await a.insertItem(item(1));
    await b.createIndex();
    expect((await errorOf(() => a.snapshot(target))).code).toBe('LOCKED');
    await b.deleteIndex();
    await b.close();
    await expect
      .poll(
        () =>
          a.snapshot(target).then(
            ({ files }) => files,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0);
    expect(await idsOf(new Tab(storage).index(target))).toEqual(['id1']);
  });
});

test('a worker that cannot be started is said, and the next try is made anew', async () => {
  let isBroken = true;
  const worker = (): Worker =>
    isBroken ? new Worker('/there-is-none.js', { type: 'module' }) : startWorker();
  const index = new LocalIndex(newName(), { worker });
  const error = await errorOf(() => index.isIndexCreated());
  expect(error.code).toBe('BACKEND_UNAVAILABLE');
  expect(error.message).toMatch(/worker/);
  isBroken = false;
  expect(await index.isIndexCreated()).toBe(false);
});

test('a worker that was handed over and ended is said', async () => {
  const worker = startWorker();
  const index = new LocalIndex(newName(), { worker, storage: 'memory' });
  await index.createIndex();
  worker.terminate();
  const code = (): Promise<string> => errorOf(() => index.listItems()).then((error) => error.code);
  expect(await code()).toBe('ENGINE_LOST');
  expect(await code()).toBe('ENGINE_LOST');
});

test('options of where an index is kept are checked', async () => {
  const wrong = (options: object): Promise<string> =>
    errorOf(() => new LocalIndex('x', options as never)).then(({ code }) => code);
  expect(await wrong({ storage: 'disk' })).toBe('INVALID_ARGUMENT');
  expect(await wrong({ worker: {} })).toBe('INVALID_ARGUMENT');
  expect(await wrong({ stroage: 'opfs' })).toBe('INVALID_ARGUMENT');
  expect((await errorOf(() => new LocalIndex('x', { backend: 'native' }).open())).code).toBe(
    'BACKEND_UNAVAILABLE',
  );
});
