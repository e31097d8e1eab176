import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalIndex, Metric, QueryResult } from '../../js/index.ts';
import { errorOf, l2Score, randomNumbers } from './helpers.ts';
import type { Subject } from './subject.ts';

interface Meta {
  n: number;
  shop?: { kind: string | null };
}

const dimensions = 4;
const rows = 1500;
const vague = (value: unknown): never => value as never;

/** `groupBy` and `mmr` against brute force, over an index with a graph, later items and holes. */
export function varietySuite(subject: Subject): void {
  const { backend, LocalIndex, newFolder } = subject;
  describe.each(['cosine', 'l2', 'ip'] as const)(
    `variety on ${subject.name}, %s`,
    (metric: Metric) => {
      let index: LocalIndex<Meta>;
      let remove: () => Promise<void>;
      const next = randomNumbers(21);
      const items = new Map<string, { vector: number[]; metadata: Meta }>();
      const kinds = ['a', 'b', 'c', 'd', 'e', 'f', null, undefined];

      /** Whole numbers, so that sums are exact whoever makes them; under cosine scores are rounded. */
      const vectorOf = (): number[] =>
        Array.from({ length: dimensions }, () => Math.round(next() * 20));

      beforeAll(async () => {
        const place = await newFolder();
        remove = place.remove;
        index = new LocalIndex<Meta>(place.folder, {
          backend,
          durability: 'none',
          metric,
          efConstruction: 60,
        });
        await index.createIndex();
        const insert = async (from: number, to: number): Promise<void> => {
          const batch = Array.from({ length: to - from }, (_, i) => {
            const kind = kinds[Math.floor(((next() + 1) / 2) ** 2 * kinds.length)];
            const metadata = { n: from + i, ...(kind !== undefined && { shop: { kind } }) };
            return { id: `id${from + i}`, vector: vectorOf(), metadata };
          });
          await index.insertItems(batch);
          for (const { id, vector, metadata } of batch) items.set(id, { vector, metadata });
        };
        await insert(0, rows);
        await index.optimize();
        await insert(rows, rows + 100);
        for (let i = 0; i < rows; i += 9) {
          await index.deleteItem(`id${i}`);
          items.delete(`id${i}`);
        }
      });

      afterAll(async () => {
        await index.close();
        await remove();
      });

      const dot = (a: readonly number[], b: readonly number[]): number =>
        a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
      const score = (a: readonly number[], b: readonly number[]): number => {
        if (metric === 'ip') return dot(a, b);
        if (metric === 'l2') return l2Score(a, b);
        const norms = Math.sqrt(dot(a, a) * dot(b, b));
        return norms === 0 ? 0 : dot(a, b) / norms;
      };
      const slack = metric === 'cosine' ? 1e-5 : 0;
      const vectorOfResult = ({ item }: QueryResult<Meta>): number[] =>
        items.get(item.id)?.vector as number[];
      const kindOf = (metadata: Meta): string | null => metadata.shop?.kind ?? null;

      const vectors = fc.array(fc.integer({ min: -20, max: 20 }), {
        minLength: dimensions,
        maxLength: dimensions,
      });
      const limits = fc.record(
        {
          topK: fc.integer({ min: 1, max: 60 }),
          exact: fc.constant(true),
          minScore: fc.integer({ min: -900, max: 50 }),
          filter: fc.constantFrom({ n: { $lt: 700 } }, { n: { $gte: 1400 } }, { n: -1 }),
        },
        { requiredKeys: ['topK', 'exact'] },
      );
      type Limits = { minScore?: number; filter?: { n: number | { $lt?: number; $gte?: number } } };

      /** Scores of all items that pass, best first. */
      function passing(
        vector: readonly number[],
        { minScore = Number.NEGATIVE_INFINITY, filter }: Limits,
      ): { metadata: Meta; vector: number[]; score: number }[] {
        const takes = (n: number): boolean =>
          filter === undefined ||
          (typeof filter.n === 'number'
            ? n === filter.n
            : n < (filter.n.$lt ?? Number.POSITIVE_INFINITY) && n >= (filter.n.$gte ?? 0));
        return [...items.values()]
          .map((item) => ({ ...item, score: score(vector, item.vector) }))
          .filter((item) => item.score >= minScore && takes(item.metadata.n))
          .sort((a, b) => b.score - a.score);
      }

      test('groups are the best of each value', async () => {
        const property = fc.asyncProperty(
          vectors,
          limits,
          fc.record({ limit: fc.integer({ min: 1, max: 40 }) }, { requiredKeys: [] }),
          async (vector, options, { limit }) => {
            const groupBy = { field: 'shop.kind', ...(limit !== undefined && { limit }) };
            const counts = new Map<string | null, number>();
            const expected = passing(vector, options).filter(({ metadata }) => {
              const before = counts.get(kindOf(metadata)) ?? 0;
              counts.set(kindOf(metadata), before + 1);
              return before < (limit ?? 1);
            });
            const found = await index.query({ vector, ...options, groupBy });
            const scores = found.map((one) => one.score);
            const wanted = expected.slice(0, options.topK).map((one) => one.score);
            // Of equally good ones any is right, which under cosine rounding decides.
            expect(scores).toHaveLength(wanted.length);
            for (const [i, one] of scores.entries())
              expect(Math.abs(one - (wanted[i] as number))).toBeLessThanOrEqual(slack);
            const ofKind = new Map<string | null, number>();
            for (const { item } of found) {
              const kind = kindOf(item.metadata);
              ofKind.set(kind, (ofKind.get(kind) ?? 0) + 1);
            }
            for (const count of ofKind.values()) expect(count).toBeLessThanOrEqual(limit ?? 1);
            if (subject.sync)
              expect(index.querySync({ vector, ...options, groupBy })).toEqual(found);
            expect(await index.queryMany([vector, vector], { ...options, groupBy })).toEqual([
              found,
              found,
            ]);
          },
        );
        await fc.assert(property, { numRuns: 60 });
      });

      test('groups by a walk are nearly those', async () => {
        let found = 0;
        let wanted = 0;
        for (let i = 0; i < 30; i++) {
          const vector = vectorOf();
          const options = { vector, topK: 10, groupBy: { field: 'shop.kind', limit: 2 } };
          const walked = await index.query(options);
          const exact = await index.query({ ...options, exact: true });
          expect(walked).toHaveLength(exact.length);
          const least = exact.at(-1)?.score as number;
          found += walked.filter((one) => one.score >= least).length;
          wanted += exact.length;
        }
        expect(found / wanted).toBeGreaterThan(0.97);
      });

      test('mmr picks each time what is best', async () => {
        const property = fc.asyncProperty(
          vectors,
          limits,
          fc.record(
            { lambda: fc.integer({ min: 0, max: 8 }), more: fc.integer({ min: 0, max: 100 }) },
            { requiredKeys: [] },
          ),
          async (vector, options, { lambda, more }) => {
            const mmr = {
              ...(lambda !== undefined && { lambda: lambda / 8 }),
              ...(more !== undefined && { candidates: options.topK + more }),
            };
            const weight = (lambda ?? 4) / 8;
            const count = more === undefined ? 4 * options.topK : options.topK + more;
            const plain = await index.query({ vector, ...options, topK: count });
            const picked = await index.query({ vector, ...options, mmr });
            expect(picked).toHaveLength(Math.min(options.topK, plain.length));
            expect(new Set(picked.map(({ item }) => item.id)).size).toBe(picked.length);
            const left = new Map(plain.map((one) => [one.item.id, one]));
            const value = (
              one: QueryResult<Meta>,
              before: readonly QueryResult<Meta>[],
            ): number => {
              const own = vectorOfResult(one);
              const alike = before.map((other) => score(own, vectorOfResult(other)));
              return weight * one.score - (1 - weight) * Math.max(...alike);
            };
            for (const [i, one] of picked.entries()) {
              expect(left.get(one.item.id)).toEqual(one);
              const before = picked.slice(0, i);
              if (i === 0) expect(one).toEqual(plain[0]);
              else
                for (const other of left.values())
                  expect(value(one, before)).toBeGreaterThanOrEqual(value(other, before) - slack);
              left.delete(one.item.id);
            }
            if (subject.sync) expect(index.querySync({ vector, ...options, mmr })).toEqual(picked);
            expect(await index.queryMany([vector], { ...options, mmr })).toEqual([picked]);
          },
        );
        await fc.assert(property, { numRuns: 25 });
      });

      test('refuses what makes no sense', async () => {
        const vector = vectorOf();
        for (const options of [
          { groupBy: { field: '' } },
          { groupBy: { field: 5 } },
          { groupBy: {} },
          { groupBy: null },
          { groupBy: { field: 'n', limit: 0 } },
          { groupBy: { field: 'n', limits: 1 } },
          { mmr: { lambda: 1.5 } },
          { mmr: { lambda: Number.NaN } },
          { mmr: { candidates: 9 } },
          { mmr: { candidates: 2.5 }, topK: 1 },
          { mmr: {}, groupBy: { field: 'n' } },
        ]) {
          const error = await errorOf(() => index.query({ vector, ...(options as object) }));
          expect(error.code).toBe('INVALID_ARGUMENT');
          const { code } = await errorOf(() => index.queryMany([vector], vague(options)));
          expect(code).toBe('INVALID_ARGUMENT');
        }
        expect(await index.query({ vector, mmr: {}, topK: 5 })).toHaveLength(5);
        expect(await index.query({ vector, groupBy: { field: 'no.such' }, topK: 5 })).toHaveLength(
          1,
        );
      });
    },
  );
}
