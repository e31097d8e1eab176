import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LocalIndex, LocalIndexOptions, Metric } from '../../js/index.ts';
import { errorOf, randomNumbers, randomVectors } from './helpers.ts';
import type { Subject } from './subject.ts';

/** Quantised vectors, and queries on the calling thread. */
export function codesSuite(subject: Subject): void {
  const { backend, LocalIndex, newFolder } = subject;
  describe(`codes on ${subject.name}`, () => {
    let folder: string;
    let remove: () => Promise<void>;
    const opened: LocalIndex[] = [];

    const open = (options: LocalIndexOptions = {}): LocalIndex => {
      const index = new LocalIndex(folder, { backend, durability: 'none', ...options });
      opened.push(index);
      return index;
    };

    beforeEach(async () => {
      ({ folder, remove } = await newFolder());
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
      await remove();
    });

    const rows = 1500;

    /** An index with a graph. */
    async function built(
      vectors: readonly Float32Array[],
      options: LocalIndexOptions,
    ): Promise<LocalIndex> {
      const index = open({ efConstruction: 60, ...options });
      await index.createIndex();
      await index.insertItems(vectors.map((vector, i) => ({ id: `${i}`, vector })));
      await index.optimize();
      return index;
    }

    /** The share of the ten nearest that a search of a narrow width finds; scores must be exact. */
    async function recall(index: LocalIndex, queries: readonly Float32Array[]): Promise<number> {
      let found = 0;
      for (const vector of queries) {
        const exact = await index.query({ vector, exact: true });
        const scores = new Map(exact.map(({ item, score }) => [item.id, score]));
        for (const { item, score } of await index.query({ vector, ef: 80 })) {
          if (!scores.has(item.id)) continue;
          expect(score).toBe(scores.get(item.id));
          found++;
        }
      }
      return found / (10 * queries.length);
    }

    describe.each(['cosine', 'l2', 'ip'] as const)('%s', (metric: Metric) => {
      test.each([
        ['auto', 'sq8', 64],
        ['sq8', 'sq8', 64],
        ['sq4', 'sq4', 64],
        ['binary', 'binary', 16],
        ['pq', 'pq', 8],
        ['none', 'none', 0],
      ] as const)('%s finds the nearest, with exact scores', async (quantization, kind, bytes) => {
        const index = await built(randomVectors(rows, 24, 1), { metric, quantization });
        expect(await recall(index, randomVectors(20, 24, 2))).toBeGreaterThan(0.9);
        const { segments, quantization: asked } = await index.getIndexStats();
        expect(asked).toBe(quantization);
        expect(segments.map(({ codes }) => codes)).toEqual([
          {
            kind,
            bytesPerVector: bytes,
            exact: kind === 'none',
            automatic: quantization === 'auto',
            sampleRecall: expect.any(Number),
          },
        ]);
        expect((await index.verify()).ok).toBe(true);
      });
    });

    test('whole numbers are kept exactly', async () => {
      const next = randomNumbers(3);
      const vectors = Array.from({ length: rows }, () =>
        Float32Array.from({ length: 16 }, () => Math.floor((next() + 1) * 127)),
      );
      const index = await built(vectors, { metric: 'l2' });
      const [segment] = (await index.getIndexStats()).segments;
      expect(segment?.codes).toMatchObject({ kind: 'sq8', exact: true, sampleRecall: 1 });
      expect(await recall(index, vectors.slice(0, 20))).toBeGreaterThan(0.97);
    });

    test('give all that a filter takes, whatever is asked for', async () => {
      const vectors = randomVectors(rows, 24, 7);
      const index = open({});
      await index.createIndex();
      await index.insertItems(
        vectors.map((vector, i) => ({ id: `${i}`, vector, metadata: { third: i % 3 === 0 } })),
      );
      await index.optimize();
      const vector = vectors[0] as Float32Array;
      const filter = { third: true };
      const all = await index.query({ vector, topK: rows, exact: true, filter });
      expect(all).toHaveLength(Math.ceil(rows / 3));
      expect(await index.query({ vector, topK: 2 ** 32 - 1, filter })).toEqual(all);
      const few = await index.query({ vector, topK: 5, ef: 2 ** 32 - 1, filter });
      expect(few).toEqual(all.slice(0, 5));
    });

    test('go on through merges, deletions and filters', async () => {
      const vectors = randomVectors(rows, 24, 5);
      const index = await built(vectors, {});
      await index.deleteItems(Array.from({ length: 300 }, (_, i) => `${i * 3}`));
      await index.insertItems(
        randomVectors(200, 24, 6).map((vector, i) => ({
          id: `new ${i}`,
          vector,
          metadata: { even: i % 2 === 0 },
        })),
      );
      await index.optimize();
      expect(await recall(index, vectors.slice(0, 20))).toBeGreaterThan(0.9);
      const even = await index.query({
        vector: vectors[0] as Float32Array,
        topK: 1000,
        filter: { even: true },
      });
      expect(even).toHaveLength(100);
      expect((await index.verify()).ok).toBe(true);
    });

    test('an index keeps what it was made with', async () => {
      const index = open({ quantization: 'sq4' });
      await index.createIndex();
      await index.close();
      const error = await errorOf(() => open({ quantization: 'none' }).getIndexStats());
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain('quantization');
      expect((await open().getIndexStats()).quantization).toBe('sq4');
      const wrong = await errorOf(() => open({ quantization: 'sq5' as never }));
      expect(wrong.code).toBe('INVALID_ARGUMENT');
    });

    test.runIf(subject.sync)('querySync answers as query does', async () => {
      const vectors = randomVectors(rows, 24, 7);
      const index = await built(vectors, {});
      for (const vector of vectors.slice(0, 50)) {
        const options = { vector, topK: 5, includeVectors: true };
        expect(index.querySync(options)).toEqual(await index.query(options));
      }
      const error = await errorOf(() => index.querySync({ vector: [1, 2] }));
      expect(error.code).toBe('DIMENSION_MISMATCH');
      const { signal } = new AbortController();
      const aborting = await errorOf(() => index.querySync({ vector: [1], signal } as never));
      expect(aborting.code).toBe('INVALID_ARGUMENT');
      expect(aborting.message).toContain("'signal'");
      const other = open();
      expect((await errorOf(() => other.querySync({ vector: [1] }))).code).toBe('NOT_OPEN');
      await other.open();
      expect(other.querySync({ vector: vectors[0] as Float32Array, topK: 1 })[0]?.item.id).toBe(
        '0',
      );
      await index.close();
      expect((await errorOf(() => index.querySync({ vector: [1] }))).code).toBe('CLOSED');
    });

    test.runIf(subject.sync)(
      'a getter among the numbers of a query may ask a query itself',
      async () => {
        const vectors = randomVectors(rows, 24, 9);
        const index = await built(vectors, {});
        const [outer, inner] = vectors as [Float32Array, Float32Array];
        const expected = {
          outer: index.querySync({ vector: outer }),
          inner: index.querySync({ vector: inner }),
        };
        let asked: unknown;
        const asking = Object.defineProperty([...outer], 5, {
          get: () => {
            asked = index.querySync({ vector: inner });
            return outer[5];
          },
        });
        expect(index.querySync({ vector: asking })).toEqual(expected.outer);
        expect(asked).toEqual(expected.inner);
        asked = undefined;
        expect(await index.query({ vector: asking })).toEqual(expected.outer);
        expect(asked).toEqual(expected.inner);
      },
    );

    test.runIf(!subject.sync)('querySync is refused where the engine is in a worker', async () => {
      const index = await built(randomVectors(10, 4, 7), {});
      const error = await errorOf(() => index.querySync({ vector: [1, 2, 3, 4] }));
      expect(error.code).toBe('NOT_SUPPORTED');
    });

    test('results of any size come whole', async () => {
      const index = open();
      await index.createIndex();
      const vectors = randomVectors(40, 8, 10);
      const items = vectors.map((vector, i) => ({
        id: `${i}`,
        vector,
        metadata: { text: `${i}`.repeat(10_000), é: '€'.repeat(i) },
      }));
      await index.insertItems(items);
      const vector = vectors[0] as Float32Array;
      for (const topK of [1, 40]) {
        // Twice: the second query may be answered at once.
        for (let round = 0; round < 2; round++) {
          const found = await index.query({ vector, topK });
          expect(found).toHaveLength(topK);
          if (subject.sync) expect(index.querySync({ vector, topK })).toEqual(found);
          for (const { item } of found)
            expect(item.metadata).toEqual(items[Number(item.id)]?.metadata);
        }
      }
    });

    test('queryMany goes on where a request stopped because it took long', async () => {
      const index = open();
      await index.createIndex();
      const vectors = randomVectors(3000, 512, 11);
      await index.insertItems(vectors.map((vector, i) => ({ id: `${i}`, vector })));
      const found = await index.queryMany(vectors.slice(0, 200), { topK: 1, exact: true });
      expect(found.map((results) => results[0]?.item.id)).toEqual(
        Array.from({ length: 200 }, (_, i) => `${i}`),
      );
    });

    test('one query after the other lets timers run', async () => {
      const vectors = randomVectors(rows, 24, 8);
      const index = await built(vectors, {});
      const vector = vectors[0] as Float32Array;
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      const until = performance.now() + 300;
      while (performance.now() < until) await index.query({ vector });
      clearInterval(timer);
      expect(ticks).toBeGreaterThan(5);
    });
  });
}
