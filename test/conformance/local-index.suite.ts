import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LocalIndex, LocalIndexOptions, Progress, QueryResult } from '../../js/index.ts';
import { errorOf, randomVectors } from './helpers.ts';
import type { Subject } from './subject.ts';

interface Meta {
  genre?: string;
  year?: number;
  tags?: string[];
  deep?: { a: number };
}

const ids = (results: readonly QueryResult<Meta>[]): string[] => results.map(({ item }) => item.id);
const vague = (value: unknown): never => value as never;

/** What every LocalIndex does, whatever engine runs it. */
export function localIndexSuite(subject: Subject): void {
  const { backend, files, LocalIndex, newFolder } = subject;
  describe(`LocalIndex on ${subject.name}`, () => {
    let folder: string;
    let remove: () => Promise<void>;
    let index: LocalIndex<Meta>;
    const opened: LocalIndex<Meta>[] = [];

    const make = (options: LocalIndexOptions = {}): LocalIndex<Meta> => {
      const made = new LocalIndex<Meta>(folder, { backend, durability: 'none', ...options });
      opened.push(made);
      return made;
    };

    beforeEach(async () => {
      ({ folder, remove } = await newFolder());
      index = make();
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
      await remove();
    });

    const films = [
      {
        id: 'alien',
        vector: [1, 0, 0],
        metadata: { genre: 'horror', year: 1979, tags: ['space', 'ship'] },
      },
      {
        id: 'blade',
        vector: [0.9, 0.1, 0],
        metadata: { genre: 'drama', year: 1982, deep: { a: 1 } },
      },
      { id: 'casa', vector: [0, 1, 0], metadata: { genre: 'drama', year: 1942 } },
      { id: 'dune', vector: [0, 0, -1], metadata: {} },
    ];

    const withFilms = async (options: LocalIndexOptions = {}): Promise<void> => {
      index = make(options);
      await index.createIndex();
      await index.insertItems(films);
    };

    describe('life of an index', () => {
      test('create, exists, delete', async () => {
        expect(index.folderPath).toBe(folder);
        expect(await index.isIndexCreated()).toBe(false);
        await index.createIndex({ version: 3, metadata_config: { indexed: ['genre'] } });
        expect(await index.isIndexCreated()).toBe(true);
        expect(await index.getIndexStats()).toEqual({
          version: 3,
          metadata_config: { indexed: ['genre'] },
          items: 0,
          dimensions: 0,
          metric: 'cosine',
          M: 16,
          efConstruction: 'auto',
          quantization: 'auto',
          segments: [],
        });
        await index.deleteIndex();
        expect(await index.isIndexCreated()).toBe(false);
      });

      test('an index that is there is kept, unless it is to be deleted', async () => {
        await withFilms();
        const error = await errorOf(() => index.createIndex());
        expect(error).toMatchObject({ code: 'INDEX_EXISTS', message: 'Index already exists' });
        expect(await index.listItems()).toHaveLength(4);
        await index.createIndex({ version: 1, deleteIfExists: true });
        expect(await index.listItems()).toHaveLength(0);
        await index.insertItem({ id: 'x', vector: [1, 2] });
      });

      test('without an index every call says so', async () => {
        const calls = [
          () => index.insertItem({ vector: [1] }),
          () => index.getItem('a'),
          () => index.listItems(),
          () => index.queryItems([1], '', 1),
          () => index.queryStream([1]).next(),
          () => index.beginUpdate(),
          () => index.getIndexStats(),
          () => index.deleteIndex(),
          () => index.optimize(),
          () => index.verify(),
        ];
        for (const call of calls)
          expect(await errorOf(call)).toMatchObject({
            code: 'INDEX_NOT_FOUND',
            message: 'Index does not exist',
          });
        await index.createIndex();
        expect(await index.listItems()).toEqual([]);
      });

      test('concurrent first calls share one opening', async () => {
        await withFilms();
        await index.close();
        const again = make();
        const [items, item, stats] = await Promise.all([
          again.listItems(),
          again.getItem('casa'),
          again.getIndexStats(),
        ]);
        expect(items).toHaveLength(4);
        expect(item?.metadata.year).toBe(1942);
        expect(stats.items).toBe(4);
      });

      test('everything is there after closing and opening', async () => {
        await withFilms({ durability: 'sync' });
        await index.deleteItem('dune');
        const before = await index.listItems();
        await index.close();
        expect(await make().listItems()).toEqual(before);
      });

      test('close waits for what was called, and then nothing works', async () => {
        await withFilms();
        const writing = index.insertItem({ id: 'late', vector: [1, 1, 1] });
        const reading = index.queryItems([1, 0, 0], '', 2);
        await index.close();
        await index.close();
        expect((await writing).id).toBe('late');
        expect(ids(await reading)).toEqual(['alien', 'blade']);
        expect((await errorOf(() => index.listItems())).code).toBe('CLOSED');
        expect((await errorOf(() => index.insertItem({ vector: [1, 2, 3] }))).code).toBe('CLOSED');
      });

      test('await using closes', async () => {
        await withFilms();
        await index[Symbol.asyncDispose]();
        expect((await errorOf(() => index.listItems())).code).toBe('CLOSED');
      });

      test('options that disagree with the index are refused', async () => {
        await withFilms();
        await index.close();
        expect(await errorOf(() => make({ dimensions: 4 }).listItems())).toMatchObject({
          code: 'DIMENSION_MISMATCH',
        });
        expect(await errorOf(() => make({ metric: 'l2' }).listItems())).toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
        expect(await make({ dimensions: 3, metric: 'cosine' }).listItems()).toHaveLength(4);
      });

      test('wrong arguments of the constructor throw at once', async () => {
        for (const path of ['', 'a\0b', vague(5), vague(undefined)])
          expect((await errorOf(() => new LocalIndex(path))).code).toBe('INVALID_ARGUMENT');
        expect((await errorOf(() => make(vague({ metrics: 'l2' })))).message).toContain(
          'did you mean metric?',
        );
      });
    });

    describe('writing', () => {
      beforeEach(() => index.createIndex());

      test('insertItem returns the stored item', async () => {
        const item = await index.insertItem({ id: 'a', vector: [3, 4], metadata: { genre: 'x' } });
        expect(item).toStrictEqual({
          id: 'a',
          vector: new Float32Array([3, 4]),
          metadata: { genre: 'x' },
          norm: 5,
        });
        expect(await index.getItem('a')).toStrictEqual(item);
        expect((await index.insertItem({ vector: [1, 2] })).id).toMatch(/^[\da-f-]{36}$/);
      });

      test('an item of the same id is refused with the text of Vectra', async () => {
        await index.insertItem({ id: 'a', vector: [1, 2] });
        const error = await errorOf(() => index.insertItem({ id: 'a', vector: [3, 4] }));
        expect(error).toMatchObject({
          code: 'ITEM_EXISTS',
          message: 'Item with id a already exists',
        });
        expect((await index.getItem('a'))?.vector).toEqual(new Float32Array([1, 2]));
      });

      test('metadata of every kind comes back', async () => {
        const metadata = {
          text: 'é😀\uFEFF',
          empty: '',
          int: 5,
          negative: -7,
          big: 2 ** 60,
          float: 0.1,
          zero: -0,
          yes: true,
          no: false,
          nothing: null,
          list: [1, 'a', [null]],
          nested: { a: { b: [{ c: 1 }] } },
        };
        await index.insertItem({ id: 'a', vector: [1], metadata: metadata as Meta });
        expect((await index.getItem('a'))?.metadata).toStrictEqual(metadata);
      });

      test('a batch is written whole or not at all', async () => {
        const bad: [unknown, string][] = [
          [{ id: 'z', vector: [1, 2] }, 'DIMENSION_MISMATCH'],
          [{ id: 'z', vector: [1, 2, Number.NaN] }, 'INVALID_VECTOR'],
          [{ id: 'z' }, 'INVALID_VECTOR'],
          [{ id: 'alien', vector: [1, 2, 3] }, 'ITEM_EXISTS'],
          [{ id: '', vector: [1, 2, 3] }, 'INVALID_ID'],
          [{ id: 'z', vector: [1, 2, 3], metadata: { when: new Date() } }, 'INVALID_METADATA'],
        ];
        for (const [item, code] of bad) {
          const error = await errorOf(() => index.insertItems([...films, vague(item)]));
          expect(error).toMatchObject({ code, details: { item: 4 } });
          expect(await index.listItems()).toEqual([]);
        }
        expect(await index.insertItems(films)).toEqual({
          inserted: 4,
          updated: 0,
          deleted: 0,
          ids: films.map(({ id }) => id),
        });
      });

      test('a wrong length is refused by name, against what is stored', async () => {
        await index.insertItem({ id: 'a', vector: [1, 2, 3] });
        const error = await errorOf(() => index.insertItem({ id: 'b', vector: [1, 2] }));
        expect(error).toMatchObject({
          code: 'DIMENSION_MISMATCH',
          details: { item: 0, id: 'b', expected: 3, actual: 2 },
        });
        expect(error.message).toContain('"b"');
        await index.close();
        expect((await errorOf(() => make().insertItem({ vector: [1] }))).code).toBe(
          'DIMENSION_MISMATCH',
        );
      });

      test('typed arrays of another realm', async () => {
        await index.insertItem({
          id: 'a',
          vector: subject.foreign([1, 2]),
        });
        expect((await index.getItem('a'))?.vector).toEqual(new Float32Array([1, 2]));
      });

      test('a vector may be reused once the call has returned', async () => {
        await index.insertItem({ id: 'first', vector: [0, 0] }); // opens
        const vector = new Float32Array(2);
        const writes = [];
        for (let i = 1; i < 50; i++) {
          vector.fill(i);
          writes.push(index.insertItem({ id: `id${i}`, vector }));
        }
        await Promise.all(writes);
        expect((await index.getItem('id7'))?.vector).toEqual(new Float32Array([7, 7]));
      });

      test('iterables are written batch by batch, with progress', async () => {
        const vectors = randomVectors(2500, 4, 1);
        let made = 0;
        async function* items() {
          for (const vector of vectors) yield { id: `id${made++}`, vector };
        }
        const progress: unknown[] = [];
        const ahead: number[] = [];
        const result = await index.insertItems(items(), {
          onProgress: (each) => {
            progress.push(each);
            ahead.push(made);
          },
        });
        expect(result.inserted).toBe(2500);
        expect(result.ids).toHaveLength(2500);
        expect(progress).toEqual([{ done: 1000 }, { done: 2000 }, { done: 2500 }]);
        expect(ahead).toEqual([1000, 2000, 2500]); // no item is asked for before its batch is due
        expect((await index.getIndexStats()).items).toBe(2500);
        const more = await index.insertItems(new Set([{ id: 'set', vector: [1, 2, 3, 4] }]), {
          batchSize: 1,
        });
        expect(more.ids).toEqual(['set']);
      });

      test('a failing batch leaves those before it; an error of the source is passed on', async () => {
        const items = [...films.slice(0, 2), { id: 'alien', vector: [1, 2, 3] }, films[3]];
        const error = await errorOf(() => index.insertItems(vague(items), { batchSize: 2 }));
        expect(error).toMatchObject({ code: 'ITEM_EXISTS', details: { item: 2, id: 'alien' } });
        expect(await index.listItems()).toHaveLength(2);
        const failing = async function* () {
          yield { id: 'q', vector: [1, 2, 3] };
          throw new Error('source');
        };
        await expect(index.insertItems(failing())).rejects.toThrow('source');
      });

      test('a long array is one transaction', async () => {
        const items = randomVectors(9000, 4, 2).map((vector, i) => ({ id: `id${i}`, vector }));
        const bad = [...items.slice(0, 8999), { id: 'id0', vector: [1, 2, 3, 4] }];
        const error = await errorOf(() => index.insertItems(bad));
        expect(error).toMatchObject({
          code: 'ITEM_EXISTS',
          message: 'Item with id id0 already exists',
          details: { item: 8999 },
        });
        expect((await index.getIndexStats()).items).toBe(0);
        const progress: number[] = [];
        const result = await index.insertItems(items, {
          onProgress: ({ done }) => progress.push(done),
        });
        expect(result.inserted).toBe(9000);
        expect(progress.at(-1)).toBe(9000);
        expect((await index.getItem('id8999'))?.vector).toEqual(items[8999]?.vector);
      });

      test('a signal stops between batches', async () => {
        const controller = new AbortController();
        const items = randomVectors(30, 3, 3).map((vector) => ({ vector }));
        const call = index.insertItems(items, {
          batchSize: 10,
          signal: controller.signal,
          onProgress: ({ done }) => {
            if (done === 20) controller.abort(new Error('enough'));
          },
        });
        await expect(call).rejects.toThrow('enough');
        expect((await index.getIndexStats()).items).toBe(20);
      });

      test('what is not iterable is refused', async () => {
        for (const items of [null, 5, 'abc', {}, new Float32Array(3)])
          expect((await errorOf(() => index.insertItems(vague(items)))).code).toBe(
            'INVALID_ARGUMENT',
          );
        expect(await index.insertItems([])).toEqual({
          inserted: 0,
          updated: 0,
          deleted: 0,
          ids: [],
        });
      });

      test('batchInsertItems returns the items', async () => {
        const items = await index.batchInsertItems(films);
        expect(items.map(({ id }) => id)).toEqual(films.map(({ id }) => id));
        expect(await index.listItems()).toStrictEqual(items);
        expect(
          await errorOf(() =>
            index.batchInsertItems([
              { id: 'n', vector: [1, 2, 3] },
              { id: 'casa', vector: [1, 2, 3] },
            ]),
          ),
        ).toMatchObject({ code: 'ITEM_EXISTS' });
        expect(await index.getItem('n')).toBeUndefined();
      });

      test('upsert adds and replaces', async () => {
        await index.insertItems(films);
        const item = await index.upsertItem({
          id: 'casa',
          vector: [0, 0, 2],
          metadata: { year: 1 },
        });
        expect(await index.getItem('casa')).toStrictEqual(item);
        const result = await index.upsertItems([
          { id: 'casa', vector: [1, 1, 1] },
          { id: 'new', vector: [1, 1, 2] },
        ]);
        expect(result).toMatchObject({ inserted: 1, updated: 1 });
        expect((await index.getItem('casa'))?.metadata).toEqual({});
        expect(await index.listItems()).toHaveLength(5);
      });

      test('update keeps what it does not name', async () => {
        await index.insertItems(films);
        await index.updateItems([
          { id: 'alien', metadata: { year: 2000, tags: [] } },
          { id: 'casa', vector: [0, 2, 0] },
        ]);
        expect(await index.getItem('alien')).toMatchObject({
          vector: new Float32Array([1, 0, 0]),
          metadata: { genre: 'horror', year: 2000, tags: [] },
        });
        expect(await index.getItem('casa')).toMatchObject({
          vector: new Float32Array([0, 2, 0]),
          norm: 2,
          metadata: { genre: 'drama', year: 1942 },
        });
        const error = await errorOf(() =>
          index.updateItems([
            { id: 'dune', metadata: { year: 5 } },
            { id: 'none', metadata: {} },
          ]),
        );
        expect(error).toMatchObject({ code: 'ITEM_NOT_FOUND', details: { item: 1, id: 'none' } });
        expect((await index.getItem('dune'))?.metadata).toEqual({});
      });

      test('delete, also what is not there', async () => {
        await index.insertItems(films);
        await index.deleteItem('alien');
        await index.deleteItem('alien');
        expect(await index.getItem('alien')).toBeUndefined();
        expect(await index.deleteItems(new Set(['blade', 'none', 'casa']))).toBe(2);
        expect((await index.listItems()).map(({ id }) => id)).toEqual(['dune']);
        expect(await index.deleteItems([])).toBe(0);
        expect((await errorOf(() => index.deleteItem(''))).code).toBe('INVALID_ID');
        await index.insertItem({ id: 'alien', vector: [1, 2, 3] });
        expect((await index.listItems()).map(({ id }) => id)).toEqual(['dune', 'alien']);
      });

      test('delete by metadata', async () => {
        await index.insertItems(films);
        expect(await index.deleteItemsByMetadata({ genre: 'drama' })).toBe(2);
        expect((await index.listItems()).map(({ id }) => id)).toEqual(['alien', 'dune']);
        expect(
          (await errorOf(() => index.deleteItemsByMetadata(vague({ a: { $near: 1 } })))).code,
        ).toBe('INVALID_FILTER');
      });

      test('writes that are not awaited keep their order', async () => {
        const calls: Promise<unknown>[] = [];
        for (let i = 0; i < 100; i++) {
          calls.push(index.insertItem({ id: 'same', vector: [i, 1] }));
          if (i < 99) calls.push(index.deleteItem('same'));
        }
        await Promise.all(calls);
        expect((await index.getItem('same'))?.vector[0]).toBe(99);
      });
    });

    describe('updates', () => {
      beforeEach(() => withFilms());

      test('are seen when they end, all at once', async () => {
        await index.beginUpdate();
        await index.insertItem({ id: 'new', vector: [1, 1, 1] });
        await index.deleteItem('alien');
        await index.upsertItem({ id: 'casa', vector: [5, 5, 5] });
        expect(await index.insertItems([{ id: 'more', vector: [1, 1, 1] }])).toMatchObject({
          inserted: 0,
          ids: ['more'],
        });
        expect((await index.listItems()).map(({ id }) => id)).toEqual([
          'alien',
          'blade',
          'casa',
          'dune',
        ]);
        expect(await index.endUpdate()).toEqual({ inserted: 2, updated: 1, deleted: 1 });
        expect((await index.listItems()).map(({ id }) => id).sort()).toEqual([
          'blade',
          'casa',
          'dune',
          'more',
          'new',
        ]);
      });

      test('can be cancelled', async () => {
        await index.beginUpdate();
        await index.insertItem({ id: 'new', vector: [1, 1, 1] });
        await index.cancelUpdate();
        expect(await index.listItems()).toHaveLength(4);
        await index.beginUpdate();
        expect(await index.endUpdate()).toEqual({ inserted: 0, updated: 0, deleted: 0 });
      });

      test('a refused batch leaves the update usable', async () => {
        await index.beginUpdate();
        await index.insertItem({ id: 'new', vector: [1, 1, 1] });
        expect((await errorOf(() => index.insertItem({ id: 'new', vector: [1, 1, 1] }))).code).toBe(
          'ITEM_EXISTS',
        );
        expect(
          (await errorOf(() => index.insertItem({ id: 'alien', vector: [1, 1, 1] }))).code,
        ).toBe('ITEM_EXISTS');
        await index.endUpdate();
        expect(await index.listItems()).toHaveLength(5);
      });

      test('have the errors of Vectra', async () => {
        const none = { code: 'NO_UPDATE_IN_PROGRESS', message: 'No update in progress' };
        expect(await errorOf(() => index.endUpdate())).toMatchObject(none);
        expect(await errorOf(() => index.cancelUpdate())).toMatchObject(none);
        await index.beginUpdate();
        const twice = { code: 'UPDATE_IN_PROGRESS', message: 'Update already in progress' };
        expect(await errorOf(() => index.beginUpdate())).toMatchObject(twice);
        await index.endUpdate();
        expect(await errorOf(() => index.endUpdate())).toMatchObject(none);
      });

      test('are dropped by close', async () => {
        await index.beginUpdate();
        await index.insertItem({ id: 'new', vector: [1, 1, 1] });
        await index.close();
        expect(await make().listItems()).toHaveLength(4);
      });
    });

    describe('reading', () => {
      beforeEach(() => withFilms());

      test('getItem and lists', async () => {
        expect(await index.getItem('none')).toBeUndefined();
        expect((await errorOf(() => index.getItem(''))).code).toBe('INVALID_ID');
        const items = await index.listItems();
        expect(items.map(({ id }) => id)).toEqual(films.map(({ id }) => id));
        expect(items[1]).toMatchObject({
          metadata: films[1]?.metadata,
          vector: Float32Array.from(films[1]?.vector ?? []),
        });
        expect((await index.listItemsByMetadata({ genre: 'drama' })).map(({ id }) => id)).toEqual([
          'blade',
          'casa',
        ]);
      });

      test('a long list comes whole and in order', async () => {
        await index.insertItems(
          randomVectors(3300, 3, 4).map((vector, i) => ({ id: `n${i}`, vector })),
        );
        const items = await index.listItems();
        expect(items).toHaveLength(3304);
        expect(items[3303]?.id).toBe('n3299');
      });

      test('queryItems: best first, with scores', async () => {
        const results = await index.queryItems([1, 0, 0], '', 10);
        expect(ids(results)).toEqual(['alien', 'blade', 'casa', 'dune']);
        expect(results[0]?.score).toBeCloseTo(1, 5);
        expect(results[1]?.score).toBeCloseTo(0.9 / Math.hypot(0.9, 0.1), 5);
        expect(results[0]?.item).toStrictEqual({
          id: 'alien',
          metadata: films[0]?.metadata,
          norm: 1,
        });
        expect(ids(await index.queryItems([1, 0, 0], '', 2))).toEqual(['alien', 'blade']);
        expect(await index.queryItems([1, 0, 0], '', 0xffffffff)).toHaveLength(4);
        expect(await index.queryItems([1, 0, 0], '', 1, { genre: 'drama' })).toMatchObject([
          { item: { id: 'blade' } },
        ]);
      });

      test('query: vectors, least score, exact, ef', async () => {
        const [best] = await index.query({ vector: [1, 0, 0], topK: 1, includeVectors: true });
        expect(best?.item.vector).toEqual(new Float32Array([1, 0, 0]));
        expect(ids(await index.query({ vector: [1, 0, 0], minScore: 0.5 }))).toEqual([
          'alien',
          'blade',
        ]);
        expect(ids(await index.query({ vector: [1, 0, 0], exact: true, ef: 50 }))).toEqual([
          'alien',
          'blade',
          'casa',
          'dune',
        ]);
        expect(await index.query({ vector: [1, 0, 0], filter: { genre: 'none' } })).toEqual([]);
      });

      test.each([0, -1, 1.5, Number.NaN, 2 ** 32, 2 ** 53, vague('5')])(
        'topK %s is refused',
        async (topK) => {
          expect((await errorOf(() => index.queryItems([1, 0, 0], '', topK))).code).toBe(
            'INVALID_TOP_K',
          );
          expect((await errorOf(() => index.queryMany([[1, 0, 0]], { topK }))).code).toBe(
            'INVALID_TOP_K',
          );
        },
      );

      test('wrong query vectors are refused', async () => {
        expect(await errorOf(() => index.query({ vector: [1, 0] }))).toMatchObject({
          code: 'DIMENSION_MISMATCH',
          details: { expected: 3, actual: 2 },
        });
        for (const vector of [
          [1, Number.NaN, 0],
          [1, Number.POSITIVE_INFINITY, 0],
          [],
          null,
          undefined,
          ['1', 0, 0],
        ])
          expect((await errorOf(() => index.query({ vector: vague(vector) }))).code).toBe(
            'INVALID_VECTOR',
          );
        expect(
          await errorOf(() =>
            index.queryMany([
              [1, 0, 0],
              [1, 0],
            ]),
          ),
        ).toMatchObject({ code: 'DIMENSION_MISMATCH', details: { item: 1 } });
      });

      test('a vector of zeros scores 0 under cosine', async () => {
        await index.insertItem({ id: 'zero', vector: [0, 0, 0] });
        for (const { score } of await index.query({ vector: [0, 0, 0] })) expect(score).toBe(0);
        const zero = (await index.query({ vector: [1, 0, 0] })).find(
          ({ item }) => item.id === 'zero',
        );
        expect(zero).toMatchObject({ score: 0, item: { norm: 0 } });
      });

      test('equal scores are ordered by id', async () => {
        await index.upsertItems(['m', 'c', 'x', 'a'].map((id) => ({ id, vector: [0, 5, 5] })));
        expect(ids(await index.query({ vector: [0, 1, 1], topK: 4 }))).toEqual([
          'a',
          'c',
          'm',
          'x',
        ]);
        expect(ids(await index.query({ vector: [0, 1, 1], topK: 2 }))).toEqual(['a', 'c']);
      });

      test('the other metrics', async () => {
        await index.createIndex({ deleteIfExists: true, metric: 'l2' });
        await index.insertItems(films);
        const [near, next] = await index.query({ vector: [1, 0, 0] });
        expect(near).toMatchObject({ item: { id: 'alien' }, score: 0 });
        expect(next?.score).toBeCloseTo(-0.02, 5);
        await index.createIndex({ deleteIfExists: true, metric: 'ip' });
        await index.insertItems([...films, { id: 'long', vector: [10, 0, 0] }]);
        expect(await index.query({ vector: [2, 0, 0], topK: 1 })).toMatchObject([
          { item: { id: 'long' }, score: 20 },
        ]);
      });

      test('filters', async () => {
        const matching = async (filter: unknown): Promise<string[]> =>
          (await index.listItemsByMetadata(vague(filter))).map(({ id }) => id);
        expect(await matching({})).toHaveLength(4);
        expect(await matching({ year: { $gte: 1979, $lt: 1982 } })).toEqual(['alien']);
        expect(await matching({ genre: { $in: ['horror', 'x'] } })).toEqual(['alien']);
        expect(await matching({ $or: [{ year: 1942 }, { genre: 'horror' }] })).toEqual([
          'alien',
          'casa',
        ]);
        expect(await matching({ $and: [{ genre: 'drama' }, { year: { $gt: 1950 } }] })).toEqual([
          'blade',
        ]);
        expect(await matching({ tags: { $contains: 'ship' } })).toEqual(['alien']);
        expect(await matching({ genre: { $exists: false } })).toEqual(['dune']);
        expect(await matching({ $not: { genre: 'drama' } })).toEqual(['alien', 'dune']);
      });

      test('an unknown operator is refused by name, wherever it stands', async () => {
        for (const filter of [
          { year: { $near: 5 } },
          { $xor: [] },
          { $or: [{ a: { $near: 1 } }] },
        ]) {
          const name = JSON.stringify(filter).includes('$xor') ? '$xor' : '$near';
          const calls = [
            () => index.query({ vector: [1, 0, 0], filter: vague(filter) }),
            () => index.listItemsByMetadata(vague(filter)),
            () => index.queryStream([1, 0, 0], { filter: vague(filter) }).next(),
          ];
          for (const call of calls) {
            const error = await errorOf(call);
            expect(error.code).toBe('INVALID_FILTER');
            expect(error.message).toContain(name);
          }
        }
      });

      test('queryMany answers in the order of the vectors, as query does', async () => {
        await index.upsertItems(
          randomVectors(500, 3, 5).map((vector, i) => ({ id: `n${i}`, vector })),
        );
        const vectors = randomVectors(101, 3, 6);
        const answers = await index.queryMany(vectors, { topK: 5 });
        expect(answers).toHaveLength(101);
        for (const i of [0, 1, 50, 100])
          expect(answers[i]).toEqual(
            await index.query({ vector: vectors[i] as Float32Array, topK: 5 }),
          );
        expect(await index.queryMany([])).toEqual([]);
      });

      test('unknown options are refused', async () => {
        expect(
          (await errorOf(() => index.query(vague({ vector: [1, 0, 0], topk: 5 })))).message,
        ).toContain('did you mean topK?');
        expect(
          (await errorOf(() => index.queryStream([1, 0, 0], vague({ batchsize: 5 })))).code,
        ).toBe('INVALID_ARGUMENT');
      });

      test('signals', async () => {
        const signal = AbortSignal.abort(new Error('stop'));
        await expect(index.query({ vector: [1, 0, 0], signal })).rejects.toThrow('stop');
        await expect(index.queryMany([[1, 0, 0]], { signal })).rejects.toThrow('stop');
        await expect(index.queryStream([1, 0, 0], { signal }).next()).rejects.toThrow('stop');
        await expect(index.optimize({ signal })).rejects.toThrow('stop');
        expect(
          await index.query({ vector: [1, 0, 0], signal: new AbortController().signal }),
        ).toHaveLength(4);
      });
    });

    describe('streams', () => {
      const vectors = randomVectors(1000, 8, 7);
      const query = randomVectors(1, 8, 8)[0] as Float32Array;

      beforeEach(async () => {
        await index.createIndex();
        await index.insertItems(
          vectors.map((vector, i) => ({ id: `id${i}`, vector, metadata: { year: i } })),
        );
      });

      const collect = async (options: object): Promise<QueryResult<Meta>[][]> => {
        const batches = [];
        for await (const batch of index.queryStream(query, options)) batches.push(batch);
        return batches;
      };

      test('give everything once, best first, as an exact query does', async () => {
        const batches = await collect({ batchSize: 300 });
        expect(batches.map(({ length }) => length)).toEqual([300, 300, 300, 100]);
        expect(batches.flat()).toEqual(
          await index.query({ vector: query, topK: 1000, exact: true }),
        );
      });

      test('stop where they are told', async () => {
        expect((await collect({ maxResults: 250 })).map(({ length }) => length)).toEqual([
          100, 100, 50,
        ]);
        const good = (await collect({ minScore: 0.3 })).flat();
        expect(good.length).toBeGreaterThan(0);
        for (const { score } of good) expect(score).toBeGreaterThanOrEqual(0.3);
        const filtered = (
          await collect({ filter: { year: { $lt: 10 } }, includeVectors: true })
        ).flat();
        expect(filtered).toHaveLength(10);
        expect(filtered[0]?.item.vector).toHaveLength(8);
      });

      test('can be left early, and are over then', async () => {
        const stream = index.queryStream(query, { batchSize: 10 });
        for await (const batch of stream) {
          expect(batch).toHaveLength(10);
          break;
        }
        expect(await stream.next()).toEqual({ done: true, value: undefined });
        expect(await stream.return()).toEqual({ done: true, value: undefined });
        await index.queryStream(query).return();
        await using unused = index.queryStream(query);
        expect((await unused.next()).done).toBe(false);
      });

      test('answer overlapping calls in order', async () => {
        const stream = index.queryStream(query, { batchSize: 400 });
        const steps = await Promise.all([
          stream.next(),
          stream.next(),
          stream.next(),
          stream.next(),
        ]);
        expect(steps.map(({ done }) => done)).toEqual([false, false, false, true]);
        expect(steps.flatMap(({ value }) => value ?? [])).toEqual((await collect({})).flat());
      });

      test('show one picture of the index', async () => {
        const stream = index.queryStream(query, { batchSize: 500 });
        const first = await stream.next();
        await index.deleteItems(vectors.map((_, i) => `id${i}`));
        const second = await stream.next();
        expect([...(first.value ?? []), ...(second.value ?? [])]).toHaveLength(1000);
        expect(await index.listItems()).toEqual([]);
      });

      test('hear a signal between batches', async () => {
        const controller = new AbortController();
        const stream = index.queryStream(query, { batchSize: 10, signal: controller.signal });
        await stream.next();
        controller.abort(new Error('stop'));
        await expect(stream.next()).rejects.toThrow('stop');
        expect(await stream.next()).toEqual({ done: true, value: undefined });
      });
    });

    describe('lists that stream', () => {
      const vectors = randomVectors(1000, 8, 13);

      beforeEach(async () => {
        await index.createIndex();
        await index.insertItems(
          vectors.map((vector, i) => ({ id: `id${i}`, vector, metadata: { year: i % 10 } })),
        );
      });

      test('give what listItems gives, batch by batch', async () => {
        const batches = [];
        for await (const batch of index.listItemsStream({ batchSize: 300 })) batches.push(batch);
        expect(batches.map(({ length }) => length)).toEqual([300, 300, 300, 100]);
        expect(batches.flat()).toStrictEqual(await index.listItems());
        const first = await index.listItemsStream().next();
        expect(first.value).toHaveLength(100);
      });

      test('give what matches, without vectors when told', async () => {
        const found = [];
        const options = { filter: { year: 3 }, includeVectors: false };
        for await (const batch of index.listItemsStream(options)) found.push(...batch);
        const all = await index.listItemsByMetadata({ year: 3 });
        expect(found).toStrictEqual(all.map(({ id, metadata, norm }) => ({ id, metadata, norm })));
        expect(found).toHaveLength(100);
        const none = index.listItemsStream({ filter: { year: 99 } });
        expect(await none.next()).toEqual({ done: true, value: undefined });
      });

      test('show one picture of the index, and can be left early', async () => {
        const left = index.listItemsStream({ batchSize: 10 });
        await left.next();
        expect(await left.return()).toEqual({ done: true, value: undefined });
        expect(await left.next()).toEqual({ done: true, value: undefined });
        const stream = index.listItemsStream({ batchSize: 400 });
        const steps = [await stream.next()];
        await index.deleteItems(vectors.map((_, i) => `id${i}`));
        steps.push(...(await Promise.all([stream.next(), stream.next(), stream.next()])));
        expect(steps.map(({ value }) => value?.length)).toEqual([400, 400, 200, undefined]);
        await using unused = index.listItemsStream();
        expect((await unused.next()).done).toBe(true);
      });

      test('hear a signal, and refuse what they do not know', async () => {
        const controller = new AbortController();
        const stream = index.listItemsStream({ batchSize: 10, signal: controller.signal });
        await stream.next();
        controller.abort(new Error('stop'));
        await expect(stream.next()).rejects.toThrow('stop');
        for (const options of [{ batchsize: 5 }, { batchSize: 0 }, { includeVectors: 1 }])
          expect((await errorOf(() => index.listItemsStream(vague(options)))).code).toBe(
            'INVALID_ARGUMENT',
          );
        const filter = vague({ year: { $near: 1 } });
        expect((await errorOf(() => index.listItemsStream({ filter }).next())).code).toBe(
          'INVALID_FILTER',
        );
      });
    });

    describe('care', () => {
      test('optimize builds graphs, after which searches still find', async () => {
        await index.createIndex();
        const vectors = randomVectors(3000, 16, 9);
        await index.insertItems(vectors.map((vector, i) => ({ id: `id${i}`, vector })));
        const progress: Progress[] = [];
        await index.optimize({ onProgress: (each) => progress.push(each) });
        expect(progress.every(({ done, total }) => done <= (total ?? 0))).toBe(true);
        const last = progress.at(-1);
        expect(last?.done).toBe(last?.total);
        const metrics = await index.getPerformanceMetrics();
        expect(metrics.segments.length).toBeGreaterThan(0);
        expect(metrics.headRows).toBe(0);
        let found = 0;
        const queries = randomVectors(50, 16, 10);
        for (const vector of queries) {
          const truth = new Set(ids(await index.query({ vector, topK: 10, exact: true })));
          for (const id of ids(await index.query({ vector, topK: 10 })))
            found += truth.has(id) ? 1 : 0;
        }
        expect(found / 500).toBeGreaterThan(0.9);
        expect(await index.verify()).toEqual({ ok: true, items: 3000, problems: [] });
      });

      test('a snapshot is an index of its own', async () => {
        await index.createIndex();
        const vectors = randomVectors(1500, 8, 21);
        const metadata = { genre: 'drama', tags: ['ä', '\u{1f3f9}'] };
        await index.insertItems(vectors.map((vector, i) => ({ id: `id${i}`, vector, metadata })));
        await index.optimize();
        await index.deleteItem('id7');
        const target = `${folder} snapshot ä`;
        const taken = await index.snapshot(target);
        expect(taken.files).toBeGreaterThan(2);
        expect(taken.linkedFiles).toBeLessThan(taken.files);
        await index.insertItem({ id: 'later', vector: vectors[0] as Float32Array });

        const copy = new LocalIndex<Meta>(target, { backend });
        expect((await copy.getIndexStats()).items).toBe(1499);
        expect(await copy.verify()).toEqual({ ok: true, items: 1499, problems: [] });
        expect(await copy.getItem('later')).toBeUndefined();
        expect((await copy.getItem('id3'))?.metadata).toEqual(metadata);
        const query = { vector: vectors[9] as Float32Array, topK: 5 };
        expect(await copy.query(query)).toEqual(await index.query(query));
        await copy.insertItem({ id: 'mine', vector: vectors[0] as Float32Array });
        expect(await index.getItem('mine')).toBeUndefined();

        // Over an index it is refused, and a later one takes only what is new.
        expect(await errorOf(() => index.snapshot(target))).toMatchObject({
          code: 'INDEX_EXISTS',
          details: { folder: target },
        });
        await copy.deleteIndex();
        expect((await index.verify()).ok).toBe(true);
        expect((await errorOf(() => index.snapshot(''))).code).toBe('INVALID_ARGUMENT');
        expect((await errorOf(() => index.snapshot(target, vague({ bass: '' })))).code).toBe(
          'INVALID_ARGUMENT',
        );
      });

      test('metrics', async () => {
        await withFilms();
        await index.query({ vector: [1, 0, 0] });
        const metrics = await index.getPerformanceMetrics();
        expect(metrics).toMatchObject({ itemCount: 4, queries: 1, backend, durability: 'none' });
        expect(metrics.storage).toBe(subject.storage);
        expect(metrics.indexSize).toBeGreaterThan(0);
        expect(metrics.queryLatencyP50).toBeGreaterThanOrEqual(0);
        if (subject.fineClock) expect(metrics.queryThroughput).toBeGreaterThan(0);
        expect(metrics.backendReason.length).toBeGreaterThan(0);
        expect(metrics.simd).toMatch(/\w/);
      });

      test('memory: mapped segments come by use, and answers do not depend on where they lie', async () => {
        index = make();
        await index.createIndex();
        const vectors = randomVectors(3000, 32, 12);
        await index.insertItems(vectors.map((vector, i) => ({ id: `id${i}`, vector })));
        const head = (await index.getPerformanceMetrics()).memory;
        expect(head).toMatchObject({ segments: 0, mapped: 0, resident: 0, limit: 0 });
        expect(head.head).toBeGreaterThan(3000 * 32 * 4);
        await index.optimize();
        await index.close();
        const answers = [];
        for (const options of [
          {},
          { useMmap: false },
          { mmapThreshold: 3001 },
          { mmapThreshold: 3000 },
          { memoryLimit: '100kB' },
        ]) {
          const again = make(options);
          answers.push(await again.query({ vector: vectors[7] as Float32Array, topK: 20 }));
          const { memory } = await again.getPerformanceMetrics();
          const isMapped =
            backend === 'native' && !('useMmap' in options || options.mmapThreshold === 3001);
          expect(memory.segments).toBeGreaterThan(3000 * 32 * 4);
          expect(memory.mapped).toBe(isMapped ? memory.segments : 0);
          expect(memory.head).toBe(0);
          if (isMapped && globalThis.process?.platform === 'linux') {
            if (memory.limit === 0) expect(memory.resident).toBeGreaterThan(0);
          } else if (!isMapped) {
            expect(memory.resident).toBe(memory.segments);
          }
          await again.close();
        }
        for (const answer of answers) expect(answer).toEqual(answers[0]);
      });

      test('two handles on one folder have a durability each', async () => {
        await withFilms();
        const other = make({ durability: 'sync' });
        expect((await other.getPerformanceMetrics()).durability).toBe('sync');
        expect((await index.getPerformanceMetrics()).durability).toBe('none');
      });

      test('sealing in the background loses and doubles nothing', async () => {
        index = make({ sealThreshold: 200 });
        await index.createIndex();
        const vectors = randomVectors(1500, 8, 11);
        for (let at = 0; at < 1500; at += 100)
          await index.insertItems(
            vectors.slice(at, at + 100).map((vector, i) => ({ id: `id${at + i}`, vector })),
          );
        await index.deleteItems(Array.from({ length: 100 }, (_, i) => `id${i * 3}`));
        const before = await index.query({
          vector: vectors[1] as Float32Array,
          topK: 20,
          exact: true,
        });
        await index.optimize();
        expect(
          await index.query({ vector: vectors[1] as Float32Array, topK: 20, exact: true }),
        ).toEqual(before);
        expect(await index.listItems()).toHaveLength(1400);
        await index.close();
        const again = make();
        expect(await again.listItems()).toHaveLength(1400);
        expect((await again.verify()).ok).toBe(true);
      });

      test('a missing file is reported, not skipped', async () => {
        await withFilms({ durability: 'sync' });
        await index.optimize();
        await index.close();
        const names = (await files.list(folder)).filter((name) => !/lock|manifest/i.test(name));
        expect(names.length).toBeGreaterThan(0);
        for (const name of names) {
          const bytes = await files.read(folder, name);
          await files.remove(folder, name);
          const error = await errorOf(() => make().listItems());
          expect(['MISSING_FILE', 'CORRUPT_FILE']).toContain(error.code);
          expect(error.message).toContain(name);
          await files.write(folder, name, bytes);
        }
        expect(await make().listItems()).toHaveLength(4);
      });

      test('a corrupt file is reported, never wrong results', async () => {
        await withFilms({ durability: 'sync' });
        await index.optimize();
        const truth = await index.listItems();
        await index.close();
        for (const name of (await files.list(folder)).filter((each) => !/lock/i.test(each))) {
          const bytes = await files.read(folder, name);
          for (const at of [0, Math.floor(bytes.length / 2), bytes.length - 1]) {
            if (at < 0) continue;
            const changed = Uint8Array.from(bytes);
            changed[at] = (changed[at] as number) ^ 0xff;
            await files.write(folder, name, changed);
            const reader = make();
            try {
              const items = await reader.listItems();
              // Padding may be changed without harm, and a log's last record may be an unfinished one.
              if ((await reader.verify()).ok) expect(truth).toEqual(expect.arrayContaining(items));
            } catch (error) {
              expect(error).toMatchObject({
                code: expect.stringMatching(
                  /^(CORRUPT_FILE|UNSUPPORTED_FORMAT|MISSING_FILE|INDEX_NOT_FOUND)$/,
                ),
              });
            }
            await reader.close();
          }
          await files.write(folder, name, bytes);
        }
        expect(await make().listItems()).toEqual(truth);
      });

      test('a manifest that is cut is corrupt', async () => {
        await withFilms({ durability: 'sync' });
        await index.close();
        const bytes = await files.read(folder, 'manifest');
        await files.write(folder, 'manifest', bytes.subarray(0, 10));
        expect((await errorOf(() => make().listItems())).code).toMatch(
          /CORRUPT_FILE|UNSUPPORTED_FORMAT/,
        );
      });

      test('a long call lets the event loop run', async () => {
        await index.createIndex();
        const items = randomVectors(5000, 32, 12).map((vector, i) => ({
          id: `id${i}`,
          vector,
          metadata: { year: i },
        }));
        let longest = 0;
        let last = performance.now();
        const timer = setInterval(() => {
          longest = Math.max(longest, performance.now() - last);
          last = performance.now();
        }, 1);
        await index.insertItems(items, { batchSize: 500 });
        await index.listItems();
        clearInterval(timer);
        // 16 ms is the promise; a shared test machine may stop the process itself for longer.
        expect(longest).toBeLessThan(150);
      });
    });
  });
}
