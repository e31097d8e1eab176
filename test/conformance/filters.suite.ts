import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalIndex, Metadata, QueryResult } from '../../js/index.ts';
import { someFilter, someMetadata, takes } from './filter-reference.ts';
import { l2Score, randomNumbers } from './helpers.ts';
import type { Subject } from './subject.ts';

const dimensions = 5;
const rows = 2500;

/** Queries with filters, whichever way the planner takes, against every item asked and compared. */
export function filtersSuite(subject: Subject): void {
  const { backend, LocalIndex, newFolder } = subject;
  describe(`filters on ${subject.name}`, () => {
    let index: LocalIndex;
    let remove: () => Promise<void>;
    const next = randomNumbers(5);
    const items = new Map<string, { vector: number[]; metadata: Metadata }>();
    const described = fc.sample(someMetadata, { numRuns: 300, seed: 1 });

    /** Whole numbers, so that every distance is exact. */
    const vectorOf = (): number[] =>
      Array.from({ length: dimensions }, () => Math.round(next() * 12));
    const anyOf = <T>(all: readonly T[]): T =>
      all[Math.floor(((next() + 1) / 2) * all.length) % all.length] as T;

    async function upsert(ids: readonly string[]): Promise<void> {
      const changed = ids.map((id) => ({ id, vector: vectorOf(), metadata: anyOf(described) }));
      await index.upsertItems(changed);
      for (const { id, ...item } of changed) items.set(id, item);
    }

    beforeAll(async () => {
      const place = await newFolder();
      remove = place.remove;
      index = new LocalIndex(place.folder, {
        backend,
        durability: 'none',
        metric: 'l2',
        efConstruction: 60,
      });
      await index.createIndex();
      await upsert(Array.from({ length: rows }, (_, i) => `id${i}`));
      await index.optimize();
      await upsert(Array.from({ length: 50 }, (_, i) => `head${i}`));
    });

    afterAll(async () => {
      await index.close();
      await remove();
    });

    const idsOf = (results: readonly QueryResult[]): string[] => results.map(({ item }) => item.id);

    const writes = {
      upsert: async () => upsert([...items.keys()].filter(() => next() > 0.98)),
      insert: async () => upsert([`new${items.size}`, `new ${items.size}`]),
      delete: async () => {
        const ids = [...items.keys()].filter(() => next() > 0.98);
        await index.deleteItems(ids);
        for (const id of ids) items.delete(id);
        if (items.size < rows / 2) await upsert(Array.from({ length: rows }, (_, i) => `id${i}`));
      },
      optimize: async () => index.optimize(),
      none: async () => undefined,
    };
    type Write = keyof typeof writes;

    test('answer as every item asked does, whatever is written between', async () => {
      let found = 0;
      let right = 0;
      const property = fc.asyncProperty(
        someFilter,
        fc.constantFrom(1, 3, 10, 40),
        fc.constantFrom<Write>(...(Object.keys(writes) as Write[])),
        async (filter, topK, write) => {
          await writes[write]();
          const vector = vectorOf();
          const expected = [...items]
            .filter(([, { metadata }]) => takes(filter, metadata))
            .map(([id, item]) => ({ id, score: l2Score(vector, item.vector) }))
            .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
          const best = expected.slice(0, topK);

          const exact = await index.query({ vector, topK, filter, exact: true });
          expect(idsOf(exact)).toEqual(best.map(({ id }) => id));

          // Twice: the first time makes what the second finds remembered.
          for (let again = 0; again < 2; again++) {
            const given = await index.query({ vector, topK, filter });
            expect(given).toHaveLength(best.length);
            expect(new Set(idsOf(given)).size).toBe(given.length);
            for (const { item, score: of } of given) {
              const is = items.get(item.id) as { vector: number[]; metadata: Metadata };
              expect(takes(filter, is.metadata)).toBe(true);
              expect(of).toBe(l2Score(vector, is.vector));
              expect(item.metadata).toEqual(is.metadata);
            }
            const scores = given.map((one) => one.score);
            expect(scores).toEqual(scores.toSorted((a, b) => b - a));
            // Of equally good ones any is right.
            const least = best.at(-1)?.score ?? 0;
            right += scores.filter((one) => one >= least).length;
            found += best.length;
          }
          const listed = await index.listItemsByMetadata(filter);
          expect(new Set(listed.map(({ id }) => id))).toEqual(
            new Set(expected.map(({ id }) => id)),
          );
          expect(listed).toHaveLength(expected.length);
        },
      );
      await fc.assert(property, { numRuns: 150 });
      expect(found).toBeGreaterThan(0);
      expect(right / found).toBeGreaterThan(0.98);
    });

    test('delete what they take, and nothing else', async () => {
      const property = fc.asyncProperty(someFilter, async (filter) => {
        const taken = [...items]
          .filter(([, { metadata }]) => takes(filter, metadata))
          .map(([id]) => id);
        if (taken.length > rows / 4) return;
        expect(await index.deleteItemsByMetadata(filter)).toBe(taken.length);
        for (const id of taken) items.delete(id);
        expect((await index.getIndexStats()).items).toBe(items.size);
        expect(await index.listItemsByMetadata(filter)).toEqual([]);
        await upsert(taken);
      });
      await fc.assert(property, { numRuns: 30 });
    });
  });
}
