import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  CacheMetrics,
  LocalIndex,
  LocalIndexOptions,
  QuerySyncOptions,
} from '../../js/index.ts';
import { errorOf, randomVectors } from './helpers.ts';
import type { Subject } from './subject.ts';

interface Meta {
  n: number;
  text: string;
}

/** What queries tell of themselves. */
export function queriesSuite(subject: Subject): void {
  const { backend, LocalIndex, newFolder } = subject;
  describe(`queries on ${subject.name}`, () => {
    const rows = 1500;
    const vectors = randomVectors(rows, 16, 1);
    const [vector] = randomVectors(1, 16, 2) as [Float32Array];
    let folder: string;
    let remove: () => Promise<void>;
    const opened: LocalIndex<Meta>[] = [];

    const open = (options: LocalIndexOptions = {}): LocalIndex<Meta> => {
      const index = new LocalIndex<Meta>(folder, { backend, durability: 'none', ...options });
      opened.push(index);
      return index;
    };

    /** An index of one segment with a graph. */
    async function built(options: LocalIndexOptions = {}): Promise<LocalIndex<Meta>> {
      const index = open({ efConstruction: 60, ...options });
      await index.createIndex();
      await index.insertItems(
        vectors.map((each, i) => ({
          id: `${i}`,
          vector: each,
          metadata: { n: i % 100, text: `t${i}` },
        })),
      );
      await index.optimize();
      return index;
    }

    beforeEach(async () => {
      ({ folder, remove } = await newFolder());
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
      await remove();
    });

    describe('explain', () => {
      test('gives the results of the query, the plan of each segment and a text', async () => {
        const index = await built();
        await index.insertItem({ id: 'new', vector, metadata: { n: 5, text: 'new' } });
        const options = { vector, topK: 5, ef: 20, includeVectors: true };
        const { results, explanation } = await index.query({ ...options, explain: true });
        expect(results).toEqual(await index.query(options));
        expect(results[0]?.item.id).toBe('new');
        expect(explanation).toMatchObject({ items: rows + 1, results: 5 });
        expect(explanation.segments).toHaveLength(2);
        const [segment, head] = explanation.segments;
        expect(segment).toMatchObject({
          rows,
          live: rows,
          kind: 'walk',
          ef: 20,
          filter: null,
          gaveUpWalk: false,
          found: 5,
        });
        expect(segment?.file).toMatch(/^seg-\d{6}\.qseg$/);
        expect(segment?.visited).toBeGreaterThanOrEqual(20);
        expect(segment?.visited).toBeLessThan(rows);
        expect(segment?.reranked).toBeGreaterThanOrEqual(5);
        expect(head).toMatchObject({
          file: null,
          rows: 1,
          kind: 'head-scan',
          visited: 1,
          found: 1,
        });
        const { totalMs, prepareMs, filterMs, searchMs, rerankMs, fetchMs } = explanation;
        for (const time of [prepareMs, searchMs, rerankMs, fetchMs])
          expect(time).toBeGreaterThanOrEqual(0);
        expect(filterMs).toBe(0);
        expect(totalMs).toBeGreaterThanOrEqual(prepareMs + searchMs + rerankMs + fetchMs);
        expect(explanation.text).toContain('a walk through the graph');
        expect(explanation.text).toContain('5 results of 1,501 items');
        expect(explanation.text).toContain(segment?.why);
      });

      test('tells how a filter was answered', async () => {
        const index = await built();
        const explained = async (filter: object): Promise<unknown> =>
          (await index.query({ vector, ef: 20, filter, explain: true })).explanation.segments[0];
        const few = { n: 7 };
        expect(await explained(few)).toMatchObject({
          kind: 'code-scan',
          visited: rows / 100,
          filter: { by: 'columns', estimated: 0.01, real: 0.01, taken: rows / 100, asked: 0 },
        });
        expect(await explained(few)).toMatchObject({
          kind: 'code-scan',
          filter: { by: 'memory', real: 0.01 },
        });
        expect(await explained({ n: { $gte: 5 } })).toMatchObject({
          kind: 'filtered-walk',
          filter: { by: 'columns', real: 0.95 },
        });
        const rare = { text: { $contains: 't' } };
        expect(await explained(rare)).toMatchObject({
          kind: 'exact-scan',
          gaveUpWalk: true, // by then it had measured an eighth of the rows
          filter: { by: 'rows', estimated: null, real: 1 },
        });
        expect(await explained(rare)).toMatchObject({ filter: { by: 'columns', real: 1 } });
        expect(await explained({ n: 1000 })).toMatchObject({
          kind: 'skipped',
          found: 0,
          filter: { by: 'columns', real: 0 },
        });
        const { explanation } = await index.query({ vector, exact: true, explain: true });
        expect(explanation.segments[0]).toMatchObject({ kind: 'exact-scan', distances: rows });
      });

      test('of an index without items', async () => {
        const index = open();
        await index.createIndex();
        const { results, explanation } = await index.query({ vector, explain: true });
        expect(results).toEqual([]);
        expect(explanation).toMatchObject({ items: 0, results: 0, segments: [] });
        expect(explanation.text).toContain('0 results of 0 items');
      });

      test('refuses what the query would refuse, and is of query alone', async () => {
        const index = await built();
        const explain = true as const;
        const wrong = { vector: [1, 2], explain };
        expect(await errorOf(() => index.query(wrong))).toMatchObject({
          code: 'DIMENSION_MISMATCH',
        });
        const value = { vector, explain: 1 as never };
        expect(await errorOf(() => index.query(value))).toMatchObject({ code: 'INVALID_ARGUMENT' });
        const many = { explain } as never;
        expect(await errorOf(() => index.queryMany([vector], many))).toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
        const grouped = { vector, groupBy: { field: 'n' }, explain };
        expect(await errorOf(() => index.query(grouped))).toMatchObject({
          code: 'INVALID_ARGUMENT',
          details: { path: 'explain' },
        });
        const signal = AbortSignal.abort(new Error('enough'));
        await expect(index.query({ vector, explain, signal })).rejects.toThrow('enough');
      });

      test('tells how the candidates of results that differ were found', async () => {
        const index = await built();
        const options = { vector, topK: 3, mmr: { candidates: 30 } };
        const { results, explanation } = await index.query({ ...options, explain: true });
        expect(results).toEqual(await index.query(options));
        expect(explanation.segments[0]?.found).toBe(30);
      });
    });

    test('fields that are not indexed are asked row by row, with the same answers', async () => {
      const index = open({ efConstruction: 60 });
      await index.createIndex({ metadata_config: { indexed: ['n'] } });
      await index.insertItems(
        vectors.map((each, i) => ({
          id: `${i}`,
          vector: each,
          metadata: { n: i % 100, text: `t${i % 3}` },
        })),
      );
      await index.optimize();
      await index.close();
      const again = open();
      expect((await again.getIndexStats()).metadata_config).toEqual({ indexed: ['n'] });
      const ask = async (filter: object) => {
        const { results, explanation } = await again.query({ vector, filter, explain: true });
        return { ids: results.map(({ item }) => Number(item.id)), plan: explanation.segments[0] };
      };
      const indexed = await ask({ n: 7 });
      expect(indexed.plan).toMatchObject({ filter: { by: 'columns' } });
      expect(indexed.ids.every((i) => i % 100 === 7)).toBe(true);
      for (let i = 0; i < 2; i++) {
        const other = await ask({ text: 't1' });
        expect(other.plan).toMatchObject({
          filter: { by: 'rows', why: 'row by row: the field text is not indexed' },
        });
        expect(other.ids).toHaveLength(10);
        expect(other.ids.every((i) => i % 3 === 1)).toBe(true);
      }
      const both = await ask({ n: 7, text: 't1' });
      expect(both.plan).toMatchObject({ filter: { by: 'columns', asked: 15, taken: 5 } });
      expect(both.ids.sort((a, b) => a - b)).toEqual([7, 307, 607, 907, 1207]);
      expect(await again.listItemsByMetadata({ text: 't1', n: 7 })).toHaveLength(5);
      expect((await again.getItem('307'))?.metadata).toEqual({ n: 7, text: 't1' });
    });

    describe('slow queries', () => {
      test('are kept from the threshold on, the newest first', async () => {
        const index = await built({ slowQueryMs: 0 });
        const before = Date.now();
        await index.query({ vector, topK: 3, ef: 20 });
        const filter = { n: 7 };
        await index.query({ vector, topK: 20, filter });
        await index.queryMany([vector, vector], { topK: 1, filter: null });
        const slow = await index.slowQueries();
        expect(slow).toMatchObject([
          { topK: 1, results: 1, filter: null },
          { topK: 1, results: 1, filter: null },
          { topK: 20, ef: null, results: 15, filter, plan: 'code-scan' },
          { topK: 3, ef: 20, results: 3, filter: null, plan: 'walk' },
        ]);
        for (const { at, ms } of slow) {
          if (subject.fineClock) expect(ms).toBeGreaterThan(0);
          expect(at.getTime()).toBeGreaterThanOrEqual(before - 1);
          expect(at.getTime()).toBeLessThanOrEqual(Date.now() + 1);
        }
        for (let i = 0; i < 120; i++) await index.query({ vector, topK: 2 });
        const newest = await index.slowQueries();
        expect(newest).toHaveLength(100);
        expect(newest.every(({ topK }) => topK === 2)).toBe(true);
      });

      test('are none below it, and of one object alone', async () => {
        const index = await built({ slowQueryMs: 60_000 });
        const other = open({ slowQueryMs: 0 });
        const without = open();
        for (const each of [index, other, without]) await each.query({ vector });
        expect(await index.slowQueries()).toEqual([]);
        expect(await without.slowQueries()).toEqual([]);
        expect(await other.slowQueries()).toHaveLength(1);
        for (const slowQueryMs of [-1, Number.NaN, '5', 1e12])
          expect(await errorOf(() => open({ slowQueryMs: slowQueryMs as never }))).toMatchObject({
            code: 'INVALID_ARGUMENT',
          });
      });
    });

    describe('cache', () => {
      const counts = async (index: LocalIndex<Meta>): Promise<CacheMetrics> =>
        (await index.getPerformanceMetrics()).cache;

      test('answers what is asked again, however it is asked', async () => {
        const index = await built({ cacheSize: '4MB' });
        const filter = { n: { $lt: 50 } };
        const first = await index.query({ vector, topK: 4, filter });
        expect(await counts(index)).toMatchObject({
          hits: 0,
          misses: 1,
          evictions: 0,
          entries: 1,
          limit: 4e6,
        });
        const again = [
          await index.query({ vector: Array.from(vector), topK: 4, filter }),
          await index.queryItems(vector, 'any text', 4, filter),
          ...(await index.queryMany([vector, vector], { topK: 4, filter })),
          subject.sync
            ? index.querySync({ vector, topK: 4, filter })
            : await index.query({ vector, topK: 4, filter }),
        ];
        for (const results of again) {
          expect(results).toEqual(first);
          expect(results).not.toBe(first);
        }
        expect(await counts(index)).toMatchObject({ hits: 5, misses: 1, entries: 1 });
      });

      test('knows a query by everything that changes its answer', async () => {
        const index = await built({ cacheSize: '4MB' });
        const other = Float32Array.from(vector, (x, i) => (i === 15 ? -x : x));
        const queries: QuerySyncOptions<Meta>[] = [
          { vector },
          { vector: other },
          { vector, topK: 9 },
          { vector, ef: 30 },
          { vector, targetRecall: 0.5 },
          { vector, minScore: 0.1 },
          { vector, exact: true },
          { vector, includeVectors: true },
          { vector, filter: { n: 1 } },
          { vector, filter: { n: 2 } },
        ];
        for (const query of queries) await index.query(query);
        expect(await counts(index)).toMatchObject({ hits: 0, misses: 10, entries: 10 });
        const uncached = open();
        for (const query of queries)
          expect(await index.query(query)).toEqual(await uncached.query(query));
        // Natively both share the answers of one collection.
        expect((await counts(index)).hits).toBeGreaterThanOrEqual(10);
        const { bytes, limit } = await counts(index);
        expect(bytes).toBeLessThanOrEqual(limit);
      });

      test('is forgotten with every write, also of another object', async () => {
        const index = await built({ cacheSize: '1MB' });
        const nearest = async (): Promise<string | undefined> =>
          (await index.query({ vector, topK: 1 }))[0]?.item.id;
        const before = await nearest();
        expect(await nearest()).toBe(before);
        await index.insertItem({ id: 'same', vector, metadata: { n: 0, text: '' } });
        expect(await nearest()).toBe('same');
        expect(await nearest()).toBe('same');
        await index.deleteItem('same');
        expect(await nearest()).toBe(before);
        await index.close();
        const reader = open({ cacheSize: '1MB' });
        const results = async (): Promise<string[]> =>
          (await reader.query({ vector, topK: 1 })).map(({ item }) => item.id);
        expect(await results()).toEqual([before]);
        expect(await results()).toEqual([before]);
        const writer = open();
        await writer.insertItem({ id: 'other', vector, metadata: { n: 0, text: '' } });
        await reader.refresh();
        expect(await results()).toEqual(['other']);
      });

      test('never gives what an uncached query would not', async () => {
        const near = fc.integer({ min: 0, max: 5 });
        const step = fc.oneof(
          {
            weight: 3,
            arbitrary: fc.record({ query: near, topK: fc.integer({ min: 1, max: 3 }) }),
          },
          { weight: 1, arbitrary: fc.record({ upsert: near, at: near }) },
          { weight: 1, arbitrary: fc.record({ remove: near }) },
          { weight: 1, arbitrary: fc.constant({ optimize: true }) },
        );
        const place = (x: number): number[] => [x, 1];
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
            const index = open({ cacheSize: 20_000, metric: 'l2' });
            await index.createIndex({ deleteIfExists: true });
            const items = new Map<string, number>();
            for (const step of steps) {
              if ('query' in step) {
                const vector = place(step.query);
                const found = await index.query({ vector, topK: step.topK });
                const expected = [...items]
                  .map(([id, x]) => ({ id, score: -((x - step.query) ** 2) }))
                  .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
                  .slice(0, step.topK)
                  .map(({ id }) => id);
                expect(found.map(({ item }) => item.id)).toEqual(expected);
              } else if ('upsert' in step) {
                const id = `${step.upsert}`;
                await index.upsertItem({ id, vector: place(step.at) });
                items.set(id, step.at);
              } else if ('remove' in step) {
                await index.deleteItem(`${step.remove}`);
                items.delete(`${step.remove}`);
              } else {
                await index.optimize();
              }
            }
            await index.close();
          }),
          { numRuns: 15 },
        );
      });

      test('keeps to its size, and is off unless it has one', async () => {
        const index = await built({ cacheSize: 20_000 });
        for (const each of vectors.slice(0, 100)) await index.query({ vector: each });
        const { bytes, entries, evictions, limit } = await counts(index);
        expect(limit).toBe(20_000);
        expect(bytes).toBeLessThanOrEqual(limit);
        expect(entries).toBeGreaterThan(0);
        expect(entries + evictions).toBe(100);
        // Larger than all of it.
        await index.query({ vector, topK: 1000 });
        await index.query({ vector, topK: 1000 });
        expect(await counts(index)).toMatchObject({ hits: 0, entries });
        await index.close();
        const without = open({ cacheSize: 0 });
        await without.query({ vector });
        await without.query({ vector });
        expect(await counts(without)).toEqual({
          hits: 0,
          misses: 0,
          evictions: 0,
          entries: 0,
          bytes: 0,
          limit: 0,
        });
        for (const cacheSize of [-1, 'many', Number.NaN])
          expect(await errorOf(() => open({ cacheSize }))).toMatchObject({
            code: 'INVALID_ARGUMENT',
          });
        expect(await errorOf(() => open({ cacheTtlMs: -1 }))).toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
      });

      test('forgets after a time', async () => {
        const index = await built({ cacheSize: '1MB', cacheTtlMs: 0 });
        await index.query({ vector });
        await index.query({ vector });
        expect(await counts(index)).toMatchObject({ hits: 0, misses: 2, entries: 1 });
      });

      test('is not used by streams, nor by a query that is explained', async () => {
        const index = await built({ cacheSize: '1MB' });
        for (let i = 0; i < 2; i++) {
          await index.query({ vector, explain: true });
          await using stream = index.queryStream(vector);
          await stream.next();
        }
        expect(await counts(index)).toMatchObject({ hits: 0, misses: 0, entries: 0 });
      });

      test('is filled by warm', async () => {
        const index = await built({ cacheSize: '4MB' });
        const queries = vectors.slice(0, 200).map((each) => ({ vector: each, topK: 3 }));
        await index.warm(new Set(queries));
        expect(await counts(index)).toMatchObject({ hits: 0, misses: 200, entries: 200 });
        for (const query of queries) expect(await index.query(query)).toHaveLength(3);
        expect(await counts(index)).toMatchObject({ hits: 200, misses: 200 });
        await index.warm([]);
        const signal = AbortSignal.abort(new Error('enough'));
        await expect(index.warm(queries, { signal })).rejects.toThrow('enough');
        for (const wrong of [[{ vector: [1, 2] }], [{ vector, topK: 0 }], [{ vecto: vector }], 5])
          expect((await errorOf(() => index.warm(wrong as never))).code).toMatch(
            /DIMENSION_MISMATCH|INVALID_TOP_K|INVALID_ARGUMENT/,
          );
        const stop = new AbortController();
        const warming = index.warm(
          vectors.map((each) => ({ vector: each, topK: 7 })),
          { signal: stop.signal },
        );
        setTimeout(() => stop.abort(new Error('stopped')));
        await expect(warming).rejects.toThrow('stopped');
        expect((await counts(index)).misses).toBeLessThan(200 + rows);
      });
    });
  });
}
