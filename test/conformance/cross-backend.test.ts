// Method: one engine writes a folder, the other reads it. Everything must be equal to the last bit, and while one has
// the folder open the other must be refused.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Backend, LocalIndex, type LocalIndexOptions } from '../../js/index.ts';
import { errorOf, randomNumbers, randomVectors } from './helpers.ts';
import { newFolder } from './node.ts';

let folder: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ folder, remove } = await newFolder());
});
afterEach(() => remove());

const pairs: [Backend, Backend][] = [
  ['native', 'wasm'],
  ['wasm', 'native'],
];

describe.each(pairs)('%s writes, %s reads', (writer, reader) => {
  test.each(['cosine', 'l2', 'ip'] as const)(
    '%s: the same items, scores and order',
    async (metric) => {
      const options: LocalIndexOptions = { metric, sealThreshold: 500 };
      const queries = randomVectors(20, 24, 21);
      const snapshot = async (index: LocalIndex) => ({
        items: await index.listItems(),
        exact: await index.queryMany(queries, { topK: 20, exact: true, includeVectors: true }),
        searched: await index.queryMany(queries, { topK: 20, filter: { even: true } }),
        stats: await index.getIndexStats(),
        verified: await index.verify(),
      });
      const first = new LocalIndex(folder, { ...options, backend: writer });
      await first.createIndex({ version: 4, metadata_config: { indexed: ['even'] } });
      const vectors = randomVectors(1200, 24, 20);
      await first.insertItems(
        vectors.map((vector, i) => ({ id: `id${i}`, vector, metadata: { i, even: i % 2 === 0 } })),
      );
      await first.optimize();
      await first.deleteItems(['id5', 'id6', 'id700']);
      await first.upsertItem({ id: 'id8', vector: new Float32Array(24) });
      await first.close();
      // What is pending may differ in when it is done: compare after it is.
      const again = new LocalIndex(folder, { ...options, backend: writer });
      const before = await snapshot(again);
      await again.close();
      const second = new LocalIndex(folder, { ...options, backend: reader });
      expect(await snapshot(second)).toStrictEqual(before);
      await second.insertItem({ id: 'from the other', vector: vectors[0] as Float32Array });
      await second.close();
      const third = new LocalIndex(folder, { ...options, backend: writer });
      expect((await third.getItem('from the other'))?.vector).toEqual(vectors[0]);
      await third.close();
    },
  );

  test('the same rows of many that are equally near, by a walk among filtered and deleted ones', async () => {
    const next = randomNumbers(30);
    const whole = () => Float32Array.from({ length: 6 }, () => Math.floor((next() + 1) * 4));
    const rows = 20_000;
    const first = new LocalIndex(folder, { metric: 'l2', M: 8, backend: writer });
    await first.createIndex();
    await first.insertItems(
      Array.from({ length: rows }, (_, i) => ({
        id: `${i}`,
        vector: whole(),
        metadata: { third: i % 3 },
      })),
    );
    await first.optimize();
    await first.deleteItems(Array.from({ length: rows / 10 }, (_, i) => `${i * 10}`));
    await first.close();
    const queries = Array.from({ length: 100 }, whole);
    // Few candidates, so that among equal rows it matters which are kept.
    const answers = async (backend: Backend) => {
      const index = new LocalIndex(folder, { backend });
      const found = [
        await index.queryMany(queries, { topK: 10, ef: 10 }),
        await index.queryMany(queries, { topK: 10, ef: 12, filter: { third: { $ne: 0 } } }),
      ];
      const { segments } = await index.getIndexStats();
      await index.close();
      return { found, segments };
    };
    const ofReader = await answers(reader);
    expect(ofReader.segments).toMatchObject([{ graph: true, rows, deleted: rows / 10 }]);
    expect(ofReader).toStrictEqual(await answers(writer));
  });

  // Estimates decide what is measured: with few candidates each must be the same to the last bit.
  test.each(['binary', 'pq'] as const)(
    '%s: the same estimates, scores and order',
    async (quantization) => {
      for (const metric of ['cosine', 'l2', 'ip'] as const) {
        const place = join(folder, metric);
        const first = new LocalIndex(place, { metric, quantization, backend: writer });
        await first.createIndex();
        const vectors = randomVectors(3000, 70, 40);
        await first.insertItems(vectors.map((vector, i) => ({ id: `${i}`, vector })));
        await first.optimize();
        await first.close();
        const queries = randomVectors(50, 70, 41);
        const answers = async (backend: Backend) => {
          const index = new LocalIndex(place, { backend });
          const found = await index.queryMany(queries, { topK: 10, ef: 20 });
          const { segments } = await index.getIndexStats();
          await index.close();
          return { found, segments };
        };
        const ofReader = await answers(reader);
        expect(ofReader.segments).toMatchObject([{ graph: true, codes: { kind: quantization } }]);
        expect(ofReader).toStrictEqual(await answers(writer));
      }
    },
  );

  test('a second writer is refused while the first has written and is open', async () => {
    const first = new LocalIndex(folder, { backend: writer });
    await first.createIndex();
    await first.insertItem({ id: 'a', vector: [1, 2] });
    const second = new LocalIndex(folder, { backend: reader });
    expect((await errorOf(() => second.insertItem({ id: 'b', vector: [1, 2] }))).code).toBe(
      'LOCKED',
    );
    // Reading goes on, and follows the writer.
    expect((await second.getItem('a'))?.vector).toEqual(new Float32Array([1, 2]));
    await first.insertItem({ id: 'c', vector: [3, 4] });
    expect(await second.refresh()).toBe(true);
    expect(await second.refresh()).toBe(false);
    expect((await second.query({ vector: [3, 4], topK: 1 })).map(({ item }) => item.id)).toEqual([
      'c',
    ]);
    await first.close();
    await second.insertItem({ id: 'b', vector: [1, 2] });
    expect(await second.listItems()).toHaveLength(3);
    await second.close();
  });
});
