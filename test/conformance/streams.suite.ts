import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalIndex, QueryResult, QueryStreamOptions } from '../../js/index.ts';
import { l2Score, randomNumbers } from './helpers.ts';
import type { Subject } from './subject.ts';

interface Meta {
  n: number;
}

const dimensions = 6;
const rows = 3000;
const queries = fc.array(fc.integer({ min: -10, max: 10 }), {
  minLength: dimensions,
  maxLength: dimensions,
});

/** Whole numbers, so that every distance is exact whoever sums it up. */
function vectorOf(next: () => number): number[] {
  return Array.from({ length: dimensions }, () => Math.round(next() * 10));
}

/** Streams over an index with a graph, that is written to meanwhile, against every item compared. */
export function streamsSuite(subject: Subject): void {
  const { backend, LocalIndex, newFolder } = subject;
  describe(`streams on ${subject.name}`, () => {
    let index: LocalIndex<Meta>;
    let remove: () => Promise<void>;
    const next = randomNumbers(11);
    const items = new Map<string, { vector: number[]; n: number }>();

    /** Writes to the index and to the model. */
    async function upsert(ids: readonly string[]): Promise<void> {
      const changed = ids.map((id) => ({
        id,
        vector: vectorOf(next),
        metadata: { n: Math.floor((next() + 1) * 500) },
      }));
      await index.upsertItems(changed);
      for (const { id, vector, metadata } of changed) items.set(id, { vector, n: metadata.n });
    }

    beforeAll(async () => {
      const place = await newFolder();
      remove = place.remove;
      index = new LocalIndex<Meta>(place.folder, {
        backend,
        durability: 'none',
        metric: 'l2',
        efConstruction: 60,
      });
      await index.createIndex();
      await upsert(Array.from({ length: rows }, (_, i) => `id${i}`));
      await index.optimize();
    });

    afterAll(async () => {
      await index.close();
      await remove();
    });

    /** What every item compared gives, best first, equal scores by id. */
    function expectedOf(
      query: readonly number[],
      { minScore = Number.NEGATIVE_INFINITY }: QueryStreamOptions<Meta>,
      takes: (n: number) => boolean,
    ): { id: string; score: number }[] {
      return [...items]
        .filter(([, { n }]) => takes(n))
        .map(([id, { vector }]) => ({ id, score: l2Score(query, vector) }))
        .filter((one) => one.score >= minScore)
        .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
    }

    const filters = fc.constantFrom(
      { filter: null, takes: () => true },
      { filter: { n: { $lt: 500 } }, takes: (n: number) => n < 500 },
      { filter: { n: { $lt: 50 } }, takes: (n: number) => n < 50 },
      { filter: { n: -1 }, takes: () => false },
    );

    test('give what every item compared gives, whatever is written meanwhile', async () => {
      let found = 0;
      let right = 0;
      const property = fc.asyncProperty(
        queries,
        filters,
        fc.record(
          {
            batchSize: fc.integer({ min: 1, max: 700 }),
            minScore: fc.integer({ min: -800, max: 0 }),
            maxResults: fc.integer({ min: 1, max: 2000 }),
            exact: fc.boolean(),
            includeVectors: fc.boolean(),
          },
          { requiredKeys: ['batchSize'] },
        ),
        fc.array(fc.constantFrom('upsert', 'insert', 'delete', 'optimize'), { maxLength: 3 }),
        async (vector, { filter, takes }, chosen, writes) => {
          const options = { ...chosen, filter };
          const expected = expectedOf(vector, options, takes);
          const before = new Map(items);
          const given: QueryResult<Meta>[] = [];
          for await (const batch of index.queryStream(vector, options)) {
            expect(batch.length).toBeLessThanOrEqual(chosen.batchSize);
            const scores = batch.map((one) => one.score);
            expect(scores).toEqual(scores.toSorted((a, b) => b - a));
            given.push(...batch);
            const ids = [...items.keys()].filter(() => next() > 0.98);
            const write = writes.pop();
            if (write === 'upsert') await upsert(ids);
            if (write === 'insert') await upsert([`new${items.size}`, `new ${items.size}`]);
            if (write === 'optimize') await index.optimize();
            if (write === 'delete') {
              await index.deleteItems(ids);
              for (const id of ids) items.delete(id);
            }
            if (items.size < 2000) await upsert(Array.from({ length: rows }, (_, i) => `id${i}`));
          }
          for (const result of given) {
            const was = before.get(result.item.id) as { vector: number[]; n: number };
            expect(result.score).toBe(l2Score(vector, was.vector));
            expect(result.item.metadata).toEqual({ n: was.n });
            if (chosen.includeVectors) expect([...(result.item.vector ?? [])]).toEqual(was.vector);
            else expect(result.item.vector).toBeUndefined();
          }
          const wanted = expected.slice(0, chosen.maxResults);
          const ids = given.map(({ item }) => item.id);
          expect(new Set(ids).size).toBe(ids.length);
          if (chosen.exact) {
            expect(ids).toEqual(wanted.map(({ id }) => id));
          } else if (chosen.minScore === undefined) {
            expect(ids).toHaveLength(wanted.length);
            if (chosen.maxResults === undefined)
              expect(new Set(ids)).toEqual(new Set(wanted.map(({ id }) => id)));
          }
          // Of equally good ones any is right.
          const least = wanted.at(-1)?.score ?? 0;
          right += given.filter((one) => one.score >= least).length;
          found += wanted.length;
        },
      );
      await fc.assert(property, { numRuns: 40 });
      expect(right / found).toBeGreaterThan(0.98);
    });

    test('begin with what a query for as many finds', async () => {
      let fromQueries = 0;
      let fromStreams = 0;
      for (let i = 0; i < 30; i++) {
        const vector = vectorOf(next);
        const best = expectedOf(vector, {}, () => true);
        const least = best[19]?.score as number;
        const good = (results: readonly QueryResult<Meta>[]): number =>
          results.filter((one) => one.score >= least).length;
        fromQueries += good(await index.query({ vector, topK: 20 }));
        const { value } = await index.queryStream(vector, { batchSize: 20 }).next();
        expect(value).toHaveLength(20);
        fromStreams += good(value ?? []);
      }
      expect(fromStreams).toBeGreaterThanOrEqual(fromQueries - 6);
    });
  });
}
