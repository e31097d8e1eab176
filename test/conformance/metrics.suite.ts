import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import page from '../../docs/metrics.md?raw';
import { toPrometheus } from '../../js/exports.ts';
import type { LocalIndex, LocalIndexOptions, MetricsOptions } from '../../js/index.ts';
import { parsePrometheus, type Series } from '../support/prometheus.ts';
import { errorOf, randomVectors } from './helpers.ts';
import type { Subject } from './subject.ts';

const vague = (value: unknown): never => value as never;

/** What an index tells of its work, whatever engine runs it. */
export function metricsSuite(subject: Subject): void {
  const { backend, LocalIndex, newFolder } = subject;
  describe(`metrics on ${subject.name}`, () => {
    let folder: string;
    let remove: () => Promise<void>;
    let index: LocalIndex;
    const opened: LocalIndex[] = [];
    const vectors = randomVectors(3000, 16, 21);

    const make = (path: string, options: LocalIndexOptions = {}): LocalIndex => {
      const made = new LocalIndex(path, { backend, durability: 'none', ...options });
      opened.push(made);
      return made;
    };
    const items = (from: number, to: number): { id: string; vector: Float32Array }[] =>
      vectors.slice(from, to).map((vector, i) => ({ id: `id${from + i}`, vector }));
    const work = async (): Promise<void> => {
      await index.insertItems(items(0, 2000), { batchSize: 500 });
      await index.optimize();
      await index.insertItems(items(2000, 3000));
      await index.upsertItems(items(100, 110));
      await index.deleteItems(['id1', 'id2', 'none']);
      await index.optimize();
      for (let i = 0; i < 100; i++)
        await index.query({ vector: vectors[i] as Float32Array, topK: 5 });
    };

    beforeEach(async () => {
      ({ folder, remove } = await newFolder());
      index = make(folder);
      await index.createIndex();
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
      await remove();
    });

    test('an index that did nothing tells zeros', async () => {
      const metrics = await index.getPerformanceMetrics();
      expect(metrics).toMatchObject({
        queries: 0,
        queryThroughput: 0,
        insertThroughput: 0,
        itemsWritten: { inserted: 0, updated: 0, deleted: 0 },
        inserts: { count: 0, totalMs: 0, p50: 0, p95: 0, p99: 0, max: 0 },
        seals: { count: 0 },
        merges: { count: 0 },
        cacheHitRate: 0,
        lockRefusals: 0,
        queues: { writes: { waiting: 0 } },
        cpuTime: { queries: 0 },
      });
      expect(metrics.disk.commit).toEqual({
        reads: 0,
        bytesRead: 0,
        bytesMapped: 0,
        writes: 0,
        bytesWritten: 0,
        syncs: 0,
      });
      expect(metrics.throughput).toEqual([
        { seconds: 1, queries: 0, items: 0 },
        { seconds: 10, queries: 0, items: 0 },
        { seconds: 60, queries: 0, items: 0 },
      ]);
    });

    test('what was done is counted, by operation', async () => {
      await work();
      const metrics = await index.getPerformanceMetrics();
      expect(metrics).toMatchObject({
        queries: 100,
        itemCount: 2998,
        itemsWritten: { inserted: 3000, updated: 10, deleted: 2 },
        inserts: { count: 7 },
        maintenance: { idle: true, error: null },
      });
      expect(metrics.commits.count).toBeGreaterThanOrEqual(1);
      expect(metrics.commits.count).toBeLessThanOrEqual(7);
      expect(metrics.seals.count + metrics.merges.count).toBeGreaterThanOrEqual(2);
      for (const times of [metrics.inserts, metrics.commits]) {
        if (subject.fineClock) expect(times.p50).toBeGreaterThan(0);
        expect(times.p50).toBeLessThanOrEqual(times.p95);
        expect(times.p95).toBeLessThanOrEqual(times.p99);
        expect(times.p99).toBeLessThanOrEqual(times.max);
        expect(times.max).toBeLessThanOrEqual(times.totalMs);
      }
      expect(metrics.insertThroughput).toBeGreaterThan(0);
      const { disk, cpuTime } = metrics;
      expect(disk.commit.bytesWritten).toBeGreaterThan(3010 * 16 * 4);
      expect(disk.seal.bytesWritten + disk.merge.bytesWritten).toBeGreaterThan(3000 * 16 * 4);
      expect(disk.seal.syncs + disk.merge.syncs).toBeGreaterThan(0);
      expect(disk.snapshot.bytesWritten).toBe(0);
      expect(disk.open.reads).toBeGreaterThan(0);
      // Only the addon maps files.
      const isMapped = backend === 'native';
      expect(disk.open.bytesMapped > 0).toBe(isMapped);
      expect(disk.open.bytesRead > 0).toBe(!isMapped);
      if (subject.fineClock) {
        expect(cpuTime.queries).toBeGreaterThan(0);
        expect(cpuTime.writes).toBeGreaterThan(0);
      }
      expect(cpuTime.maintenance).toBeGreaterThan(0);
      expect(metrics.queues.reads.waiting).toBeLessThanOrEqual(1); // the question itself

      await index.snapshot(`${folder} copy`);
      await index.verify();
      const later = (await index.getPerformanceMetrics()).disk;
      expect(later.snapshot.reads).toBeGreaterThan(0);
      expect(later.snapshot.bytesWritten).toBeGreaterThan(0);
      expect(later.verify.reads).toBeGreaterThan(0);
      expect(later.commit).toEqual(disk.commit);
    });

    test('handles on one folder share what is counted; opening it anew begins at zero', async () => {
      await index.insertItems(items(0, 10));
      const other = make(folder);
      expect((await other.getPerformanceMetrics()).itemsWritten.inserted).toBe(10);
      await other.close();
      await index.close();
      const again = make(folder);
      expect(await again.getPerformanceMetrics()).toMatchObject({
        itemCount: 10,
        itemsWritten: { inserted: 0 },
      });
    });

    test('throughput counts whole seconds', async () => {
      await index.insertItems(items(0, 50));
      await index.query({ vector: vectors[0] as Float32Array });
      const deadline = Date.now() + 5000;
      for (;;) {
        const { throughput, uptimeMs } = await index.getPerformanceMetrics();
        const [, ten] = throughput;
        if (ten !== undefined && ten.items > 0) {
          expect(uptimeMs).toBeGreaterThan(1000);
          // Of the seconds that there were.
          expect(ten.items).toBeCloseTo(50 / Math.floor(uptimeMs / 1000), 5);
          expect(ten.queries).toBeCloseTo(1 / Math.floor(uptimeMs / 1000), 5);
          break;
        }
        expect(Date.now()).toBeLessThan(deadline);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });

    test('toJSON is data, with histograms that add up', async () => {
      await work();
      const data = await index.metrics.toJSON({ labels: { tenant: 'a' } });
      expect(JSON.parse(JSON.stringify(data))).toEqual(data);
      expect(data.labels).toEqual({ index: folder, tenant: 'a' });
      const metrics = await index.getPerformanceMetrics();
      expect(Object.keys(data).sort()).toEqual(
        ['histograms', 'labels', ...Object.keys(metrics)].sort(),
      );
      const { histograms } = data;
      for (const [buckets, count, max] of [
        [histograms.queries, data.queries, data.queryLatencyMax],
        [histograms.inserts, data.inserts.count, data.inserts.max],
        [histograms.commits, data.commits.count, data.commits.max],
        [histograms.seals, data.seals.count, data.seals.max],
        [histograms.merges, data.merges.count, data.merges.max],
        [histograms.lockWaits, data.lockWaits.count, data.lockWaits.max],
      ] as const) {
        expect(buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(count);
        const bounds = buckets.map(({ upToMs }) => upToMs);
        expect([...bounds].sort((a, b) => a - b)).toEqual(bounds);
        if (count > 0) expect(bounds.at(-1)).toBeGreaterThanOrEqual(max);
      }
    });

    describe('for Prometheus', () => {
      const theValue = (series: readonly Series[] = [], labels: object = {}): number => {
        const found = series.filter((each) =>
          Object.entries(labels).every(([name, value]) => each.labels[name] === value),
        );
        expect(found.length).toBe(1);
        return (found[0] as Series).value;
      };

      test('is the format, and says what the metrics say', async () => {
        await work();
        const read = parsePrometheus(await index.metrics.toPrometheus());
        const metrics = await index.getPerformanceMetrics();
        for (const { series } of read.values())
          for (const { labels } of series) expect(labels['index']).toBe(folder);
        const value = (name: string, labels = {}): number =>
          theValue(read.get(name)?.series, labels);
        expect(value('quiver_info')).toBe(1);
        expect(read.get('quiver_info')?.series[0]?.labels).toMatchObject({
          backend,
          metric: 'cosine',
          simd: metrics.simd,
        });
        expect(value('quiver_items')).toBe(2998);
        expect(value('quiver_disk_size_bytes')).toBe(metrics.indexSize);
        expect(value('quiver_items_written_total', { change: 'inserted' })).toBe(3000);
        expect(value('quiver_disk_written_bytes_total', { operation: 'commit' })).toBe(
          metrics.disk.commit.bytesWritten,
        );
        expect(value('quiver_memory_bytes', { part: 'segments' })).toBe(metrics.memory.segments);
        expect(value('quiver_duration_max_seconds', { operation: 'query' })).toBeCloseTo(
          metrics.queryLatencyMax / 1000,
          9,
        );
        const queries = read.get('quiver_query_duration_seconds');
        expect(queries?.type).toBe('histogram');
        const of = (suffix: string): Series[] =>
          (queries?.series ?? []).filter(({ name }) => name.endsWith(suffix));
        expect(theValue(of('_count'))).toBe(100);
        expect(theValue(of('_sum'))).toBeCloseTo(metrics.queryTimeTotal / 1000, 9);
        // The percentiles lie in the buckets that they are to lie in; one that is a bucket's bound may be rounded otherwise.
        const seconds = (ms: number): number => (ms / 1000) * (1 - 1e-9);
        const below = of('_bucket').findLast(
          ({ labels }) => Number(labels['le']) < seconds(metrics.queryLatencyP50),
        );
        if (below !== undefined) expect(below.value).toBeLessThan(50);
        const above = of('_bucket').find(
          ({ labels }) => Number(labels['le']) >= seconds(metrics.queryLatencyP95),
        );
        expect(above?.value).toBeGreaterThanOrEqual(95);
      });

      test('docs/metrics.md lists every metric, its type and its labels', async () => {
        const listed = [...page.matchAll(/^\| `(quiver_\w+)` \| (\w+) \|[^|]*\|([^|]*)\|/gm)].map(
          ([, name, type, labels = '']) => ({
            name,
            type,
            labels: [...labels.replaceAll(/: [^;]*/g, '').matchAll(/`(\w+)`/g)].map(([, l]) => l),
          }),
        );
        const read = parsePrometheus(await index.metrics.toPrometheus());
        const told = [...read].map(([name, { type, series }]) => ({
          name,
          type,
          labels: Object.keys(series[0]?.labels ?? {}).filter((l) => l !== 'index' && l !== 'le'),
        }));
        expect(told).toEqual(listed);
      });

      test('buckets are the same in every scrape', async () => {
        const bounds = async (): Promise<string[]> =>
          [...parsePrometheus(await index.metrics.toPrometheus()).values()].flatMap(({ series }) =>
            series.map(({ name, labels }) => `${name} ${labels['le']}`),
          );
        const before = await bounds();
        await work();
        expect(await bounds()).toEqual(before);
      });

      test('labels are kept whatever they are', async () => {
        const labels = { index: 'a "b" \\ c\nd\\n', team: 'ä\u{1f3f9}={},' };
        const read = parsePrometheus(await index.metrics.toPrometheus({ labels }));
        expect(read.get('quiver_items')?.series[0]?.labels).toEqual(labels);
      });

      test('several indexes make one text', async () => {
        const others = [make(`${folder} b`), make(`${folder} c`)] as const;
        for (const other of others) await other.createIndex();
        await others[0].insertItems(items(0, 3));
        const text = await toPrometheus([
          index,
          others[0],
          { index: others[1], labels: { index: 'c', team: 'x' } },
        ]);
        const read = parsePrometheus(text);
        expect(
          read.get('quiver_items')?.series.map(({ labels, value }) => [labels, value]),
        ).toEqual([
          [{ index: folder }, 0],
          [{ index: `${folder} b` }, 3],
          [{ index: 'c', team: 'x' }, 0],
        ]);
        expect(await toPrometheus([])).toBe('');
      });

      test('what would not be the format is refused', async () => {
        for (const options of [
          { labels: { 'a-b': 'x' } },
          { labels: { '': 'x' } },
          { labels: { __name__: 'x' } },
          { labels: { le: 'x' } },
          { labels: { operation: 'x' } },
          { labels: { backend: 'x' } },
          { labels: { team: 1 } },
          { labels: 'x' },
          { labels: null },
          { lables: {} },
          null,
        ] as unknown as MetricsOptions[]) {
          for (const call of [
            () => index.metrics.toPrometheus(options),
            () => index.metrics.toJSON(options),
            () => index.metrics.report(options),
          ])
            expect((await errorOf(call)).code).toBe('INVALID_ARGUMENT');
        }
        for (const sources of [
          [index, index],
          [index, { index, labels: { index: folder, team: '' } }],
          [index, null],
          [index, {}],
          [{ index: {} }],
          index,
          undefined,
        ])
          expect((await errorOf(() => toPrometheus(vague(sources)))).code).toBe('INVALID_ARGUMENT');
        const again = await toPrometheus([index, { index, labels: { handle: '2' } }]);
        expect(parsePrometheus(again).get('quiver_items')?.series.length).toBe(2);
      });
    });

    test('the report is a page for people', async () => {
      await work();
      const report = await index.metrics.report({ labels: { index: 'films', team: 'x' } });
      expect(report).toContain(`films team=x (${backend}, `);
      expect(report).toMatch(/^items +2,998; segments \d+,/m);
      expect(report).toMatch(/^written +3,000 inserted, 10 updated, 2 deleted$/m);
      expect(report).toMatch(/^queries +100( +\d\S* (µs|ms|s)){5}$/m);
      expect(report).toMatch(/^commit +\d+ .* [kM]B +\d+$/m);
      expect(report).toMatch(/^cache +none$/m);
      expect(report).not.toMatch(/undefined|NaN|^restore/m);
      expect(report).not.toContain('\u001b');
      for (const line of report.split('\n')) {
        expect(line).toBe(line.trimEnd());
        expect(line.length).toBeLessThan(120);
      }
      // Columns of a table end at the same places.
      const lines = report.split('\n');
      const start = lines.findIndex((line) => line.endsWith('total'));
      expect(lines.slice(start, start + 4).map((line) => line.length)).toEqual(
        Array.from({ length: 4 }, () => lines[start]?.length),
      );
    });

    test('metrics of an index that is closed are refused', async () => {
      await index.close();
      expect((await errorOf(() => index.metrics.report())).code).toBe('CLOSED');
    });
  });
}
