import { diskUses, type LatencyMetrics, type PerformanceMetrics } from '../types.ts';
import type { MetricsSample } from './sample.ts';

type Row = readonly [name: string, ...cells: readonly string[]];

/** A page of text for people. */
export function reportText({ labels, metrics }: MetricsSample): string {
  const { backend, simd, uptimeMs } = metrics;
  return [
    [`${indexName(labels)} (${backend}, ${simd}), open for ${duration(uptimeMs)}`],
    state(metrics),
    table(
      ['', 'count', 'p50', 'p95', 'p99', 'max', 'total'],
      [
        latencyRow('queries', {
          count: metrics.queries,
          totalMs: metrics.queryTimeTotal,
          p50: metrics.queryLatencyP50,
          p95: metrics.queryLatencyP95,
          p99: metrics.queryLatencyP99,
          max: metrics.queryLatencyMax,
        }),
        latencyRow('inserts', metrics.inserts),
        latencyRow('commits', metrics.commits),
        latencyRow('seals', metrics.seals),
        latencyRow('merges', metrics.merges),
        latencyRow('lock waits', metrics.lockWaits),
      ],
    ),
    table(
      ['a second, in the last', ...metrics.throughput.map(({ seconds }) => `${seconds} s`)],
      [
        ['queries', ...metrics.throughput.map(({ queries }) => rate(queries))],
        ['items written', ...metrics.throughput.map(({ items }) => rate(items))],
      ],
    ),
    table(
      ['disk', 'reads', 'read', 'mapped', 'writes', 'written', 'syncs'],
      diskUses
        .map((use) => ({ use, ...metrics.disk[use] }))
        .filter(({ reads, writes, syncs }) => reads + writes + syncs > 0)
        .map(({ use, reads, bytesRead, bytesMapped, writes, bytesWritten, syncs }) => [
          use,
          count(reads),
          bytes(bytesRead),
          bytes(bytesMapped),
          count(writes),
          bytes(bytesWritten),
          count(syncs),
        ]),
    ),
  ]
    .map((block) => block.map((line) => `${line}\n`).join(''))
    .join('\n');
}

function indexName(labels: MetricsSample['labels']): string {
  const { index = '', ...others } = labels;
  const named = Object.entries(others).map(([name, value]) => `${name}=${value}`);
  return [index, ...named].filter((part) => part !== '').join(' ');
}

function state(metrics: PerformanceMetrics): string[] {
  const { memory, cache, queues, cpuTime, itemsWritten, maintenance, lockRefusals } = metrics;
  const asked = cache.hits + cache.misses;
  const rows: readonly Row[] = [
    [
      'items',
      `${count(metrics.itemCount)}; segments ${count(metrics.segments.length)}, rows in no segment ${count(metrics.headRows)}, deleted rows ${count(metrics.deletedRows)}`,
    ],
    [
      'written',
      `${count(itemsWritten.inserted)} inserted, ${count(itemsWritten.updated)} updated, ${count(itemsWritten.deleted)} deleted`,
    ],
    ['on disk', bytes(metrics.indexSize)],
    [
      'in memory',
      `head ${bytes(memory.head)}, segments ${bytes(memory.resident)} of ${bytes(memory.segments)}, metadata ${bytes(memory.blocks)}${memory.limit === 0 ? '' : `, limit ${bytes(memory.limit)}`}`,
    ],
    [
      'cache',
      cache.limit === 0 && asked === 0
        ? 'none'
        : `${(metrics.cacheHitRate * 100).toFixed(1)}% of ${count(asked)} found, ${count(cache.entries)} results, ${bytes(cache.bytes)} of ${bytes(cache.limit)}`,
    ],
    [
      'waiting',
      `${depth('reads', queues.reads)}, ${depth('writes', queues.writes)}; refused for the lock: ${count(lockRefusals)}`,
    ],
    [
      'CPU',
      `queries ${duration(cpuTime.queries)}, writes ${duration(cpuTime.writes)}, maintenance ${duration(cpuTime.maintenance)}`,
    ],
    [
      'maintenance',
      maintenance.error === null
        ? maintenance.idle
          ? 'idle'
          : `${count(maintenance.done)} of ${count(maintenance.total)} rows`
        : `failed: ${maintenance.error}`,
    ],
  ];
  return rows.map(([name, text = '']) => name.padEnd(nameWidth) + text);
}

const nameWidth = 22;

/** Columns of numbers, right-aligned, below a line of their names. */
function table(head: Row, rows: readonly Row[]): string[] {
  const width = head
    .slice(1)
    .map((_, i) => Math.max(9, ...[head, ...rows].map((row) => (row[i + 1] ?? '').length + 2)));
  return [head, ...rows].map(([name, ...cells]) =>
    (
      name.padEnd(nameWidth) + cells.map((cell, i) => cell.padStart(width[i] ?? 0)).join('')
    ).trimEnd(),
  );
}

function latencyRow(name: string, { totalMs, ...times }: LatencyMetrics): Row {
  if (times.count === 0) return [name, '0', '-', '-', '-', '-', '-'];
  const { p50, p95, p99, max } = times;
  return [name, count(times.count), ...[p50, p95, p99, max, totalMs].map(duration)];
}

function depth(name: string, { waiting, most }: { waiting: number; most: number }): string {
  return `${name} ${count(waiting)} (most ${count(most)})`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function rate(perSecond: number): string {
  return perSecond.toLocaleString('en-US', { maximumFractionDigits: perSecond < 10 ? 1 : 0 });
}

/** Three digits and the unit that fits. */
function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [scaled, unit] = [value, 0];
  while (scaled >= 999.5 && unit + 1 < units.length) [scaled, unit] = [scaled / 1000, unit + 1];
  return `${unit === 0 ? scaled : threeDigits(scaled)} ${units[unit]}`;
}

function duration(ms: number): string {
  if (ms === 0) return '0 s';
  if (ms < 0.9995) return `${threeDigits(ms * 1000)} µs`;
  if (ms < 999.5) return `${threeDigits(ms)} ms`;
  if (ms < 59_950) return `${threeDigits(ms / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function threeDigits(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}
