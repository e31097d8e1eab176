// The text format of Prometheus, version 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/
import { QuiverError } from '../errors.ts';
import { diskUses, type LatencyKind } from '../types.ts';
import type { Bucket, Labels, MetricsSample } from './sample.ts';

/** One line: what is behind the metric's name, labels of its own, and the value. */
interface Point {
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly points: (sample: MetricsSample) => readonly Point[];
}

type Reading = number | boolean | readonly (readonly [label: string, value: number])[];

/** A metric without labels of its own, or with values for one label. */
function metric(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: (sample: MetricsSample) => Reading,
  label = '',
): Family {
  const points = (sample: MetricsSample): readonly Point[] => {
    const reading = read(sample);
    if (typeof reading === 'object')
      return reading.map(([own, value]) => ({ labels: { [label]: own }, value }));
    return [{ value: Number(reading) }];
  };
  return { name, type, help, points };
}

/**
 * Powers of two of nanoseconds that buckets end before. Buckets of the core end there too, so that no count is a guess, and
 * they are the same in every scrape.
 */
const callPowers = [10, 33] as const; // 1 µs to 8.6 s
const jobPowers = [20, 40] as const; // 1 ms to 18 minutes

function histogram(
  name: string,
  help: string,
  kind: LatencyKind,
  [first, last]: readonly [number, number],
): Family {
  const points = ({ buckets, totalMs }: MetricsSample): readonly Point[] => {
    const bounds: Point[] = [];
    for (let power = first; power <= last; power++) {
      const longest = 2 ** power - 1;
      bounds.push({
        suffix: '_bucket',
        labels: { le: String(longest / 1e9) },
        value: countUpTo(buckets[kind], longest),
      });
    }
    const all = countUpTo(buckets[kind], Number.POSITIVE_INFINITY);
    return [
      ...bounds,
      { suffix: '_bucket', labels: { le: '+Inf' }, value: all },
      { suffix: '_sum', value: totalMs[kind] / 1000 },
      { suffix: '_count', value: all },
    ];
  };
  return { name, type: 'histogram', help, points };
}

function countUpTo(buckets: readonly Bucket[], longest: number): number {
  let sum = 0;
  for (const bucket of buckets) if (bucket.longest <= longest) sum += bucket.count;
  return sum;
}

function diskCounter(
  name: string,
  help: string,
  field: 'reads' | 'bytesRead' | 'bytesMapped' | 'writes' | 'bytesWritten' | 'syncs',
): Family {
  return metric(
    'counter',
    name,
    help,
    ({ metrics }) => diskUses.map((use) => [use, metrics.disk[use][field]]),
    'operation',
  );
}

/** docs/metrics.md lists them in this order. */
const families: readonly Family[] = [
  {
    name: 'quiver_info',
    type: 'gauge',
    help: 'How the index was made and what runs it; always 1.',
    points: ({ index, metrics: { backend, simd, durability } }) => [
      {
        labels: {
          backend,
          simd,
          durability,
          metric: index.metric,
          quantization: index.quantization,
        },
        value: 1,
      },
    ],
  },
  metric(
    'gauge',
    'quiver_uptime_seconds',
    'Since the index was opened, from when on all counters count.',
    ({ metrics }) => metrics.uptimeMs / 1000,
  ),
  histogram(
    'quiver_query_duration_seconds',
    'A query in the core: the search and its results.',
    'queries',
    callPowers,
  ),
  histogram(
    'quiver_insert_duration_seconds',
    'A call that writes items, from its arrival in the core to the answer.',
    'inserts',
    callPowers,
  ),
  histogram(
    'quiver_commit_duration_seconds',
    'One or more calls that became durable together.',
    'commits',
    callPowers,
  ),
  histogram(
    'quiver_seal_duration_seconds',
    'Background work that made a segment of rows from the log.',
    'seals',
    jobPowers,
  ),
  histogram(
    'quiver_merge_duration_seconds',
    'Background work that made a segment of segments.',
    'merges',
    jobPowers,
  ),
  histogram(
    'quiver_lock_wait_seconds',
    'Waits for another thread that changes the index.',
    'lockWaits',
    callPowers,
  ),
  metric(
    'gauge',
    'quiver_duration_max_seconds',
    'The longest of each kind.',
    ({ maxMs }) => [
      ['query', maxMs.queries / 1000],
      ['insert', maxMs.inserts / 1000],
      ['commit', maxMs.commits / 1000],
      ['seal', maxMs.seals / 1000],
      ['merge', maxMs.merges / 1000],
      ['lock_wait', maxMs.lockWaits / 1000],
    ],
    'operation',
  ),
  metric(
    'gauge',
    'quiver_queries_per_second',
    'In the last whole seconds.',
    ({ metrics }) => metrics.throughput.map(({ seconds, queries }) => [`${seconds}s`, queries]),
    'window',
  ),
  metric(
    'gauge',
    'quiver_items_written_per_second',
    'Items inserted or replaced, in the last whole seconds.',
    ({ metrics }) => metrics.throughput.map(({ seconds, items }) => [`${seconds}s`, items]),
    'window',
  ),
  metric(
    'counter',
    'quiver_items_written_total',
    'Items that commits changed.',
    ({ metrics: { itemsWritten } }) => [
      ['inserted', itemsWritten.inserted],
      ['updated', itemsWritten.updated],
      ['deleted', itemsWritten.deleted],
    ],
    'change',
  ),
  metric('gauge', 'quiver_items', 'Items in the index.', ({ metrics }) => metrics.itemCount),
  metric(
    'gauge',
    'quiver_head_rows',
    'Rows that are in no segment yet.',
    ({ metrics }) => metrics.headRows,
  ),
  metric(
    'gauge',
    'quiver_deleted_rows',
    'Rows that are deleted but still in a segment or in the log.',
    ({ metrics }) => metrics.deletedRows,
  ),
  metric('gauge', 'quiver_segments', 'Segments.', ({ metrics }) => metrics.segments.length),
  metric(
    'gauge',
    'quiver_disk_size_bytes',
    "The folder's files.",
    ({ metrics }) => metrics.indexSize,
  ),
  diskCounter(
    'quiver_disk_reads_total',
    'Files, or ends of files, that were opened to be read.',
    'reads',
  ),
  diskCounter(
    'quiver_disk_read_bytes_total',
    'What reads brought into memory at once.',
    'bytesRead',
  ),
  diskCounter(
    'quiver_disk_mapped_bytes_total',
    'What reads mapped, which comes into memory by use.',
    'bytesMapped',
  ),
  diskCounter('quiver_disk_writes_total', 'Calls that wrote.', 'writes'),
  diskCounter('quiver_disk_written_bytes_total', 'What they wrote.', 'bytesWritten'),
  diskCounter('quiver_disk_syncs_total', 'Syncs of files and folders.', 'syncs'),
  metric(
    'gauge',
    'quiver_memory_bytes',
    'Rows of the head; segments, of them what is mapped and what is in memory; decompressed metadata.',
    ({ metrics: { memory } }) => [
      ['head', memory.head],
      ['segments', memory.segments],
      ['mapped', memory.mapped],
      ['resident', memory.resident],
      ['blocks', memory.blocks],
    ],
    'part',
  ),
  metric(
    'gauge',
    'quiver_memory_limit_bytes',
    'The memoryLimit; 0 without one.',
    ({ metrics }) => metrics.memory.limit,
  ),
  metric(
    'counter',
    'quiver_cache_requests_total',
    'Queries that asked the cache of results.',
    ({ metrics: { cache } }) => [
      ['hit', cache.hits],
      ['miss', cache.misses],
    ],
    'result',
  ),
  metric(
    'counter',
    'quiver_cache_evictions_total',
    'Results that the cache dropped to have room.',
    ({ metrics }) => metrics.cache.evictions,
  ),
  metric(
    'gauge',
    'quiver_cache_entries',
    'Results in the cache.',
    ({ metrics }) => metrics.cache.entries,
  ),
  metric('gauge', 'quiver_cache_bytes', 'What they take.', ({ metrics }) => metrics.cache.bytes),
  metric(
    'gauge',
    'quiver_cache_limit_bytes',
    'What they may take; 0 without a cache.',
    ({ metrics }) => metrics.cache.limit,
  ),
  metric(
    'gauge',
    'quiver_queue_depth',
    'Calls that wait for a thread.',
    ({ metrics: { queues } }) => [
      ['reads', queues.reads.waiting],
      ['writes', queues.writes.waiting],
    ],
    'queue',
  ),
  metric(
    'gauge',
    'quiver_queue_depth_max',
    'The most that ever waited.',
    ({ metrics: { queues } }) => [
      ['reads', queues.reads.most],
      ['writes', queues.writes.most],
    ],
    'queue',
  ),
  metric(
    'counter',
    'quiver_lock_refusals_total',
    "Writes that found the folder's lock in another process's hands.",
    ({ metrics }) => metrics.lockRefusals,
  ),
  metric(
    'gauge',
    'quiver_cpu_seconds',
    'Time on CPUs; of queries estimated from every 64th.',
    ({ metrics: { cpuTime } }) => [
      ['queries', cpuTime.queries / 1000],
      ['writes', cpuTime.writes / 1000],
      ['maintenance', cpuTime.maintenance / 1000],
    ],
    'work',
  ),
  metric(
    'gauge',
    'quiver_maintenance_running',
    'Whether there is background work.',
    ({ metrics }) => !metrics.maintenance.idle,
  ),
  metric(
    'gauge',
    'quiver_maintenance_failed',
    'Whether the last background work failed.',
    ({ metrics }) => metrics.maintenance.error !== null,
  ),
];

/**
 * @throws {QuiverError} `INVALID_ARGUMENT` where labels are not as Prometheus wants them: another one's name, or the same for
 * two indexes
 */
export function prometheusText(samples: readonly MetricsSample[]): string {
  checkDistinct(samples);
  const lines: string[] = [];
  for (const { name, type, help, points } of samples.length === 0 ? [] : families) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const sample of samples) {
      for (const { suffix = '', labels = {}, value } of points(sample))
        lines.push(`${name}${suffix}{${labelText(sample.labels, labels)}} ${value}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkLabels(labels: Labels): void {
  for (const [name, value] of Object.entries(labels)) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith('__'))
      throw wrong(`'${name}' is not a name for a label: letters, digits and _ make one`, name);
    if (reserved.has(name)) throw wrong(`The label '${name}' is one of Quiver's own`, name);
    if (typeof value !== 'string') throw wrong(`Expected a string for the label '${name}'`, name);
  }
}

/** The labels of single metrics. */
const reserved: ReadonlySet<string> = new Set([
  ...['le', 'quantile', 'operation', 'window', 'change', 'part', 'result', 'queue', 'work'],
  ...['backend', 'simd', 'durability', 'metric', 'quantization'],
]);

function labelText(...all: readonly Labels[]): string {
  return all
    .flatMap((labels) => Object.entries(labels))
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Two lines of the same name and labels would be one series with two values. */
function checkDistinct(samples: readonly MetricsSample[]): void {
  const seen = new Set<string>();
  for (const { labels } of samples) {
    // A label without a value is none.
    const given = Object.entries(labels).filter(([, value]) => value !== '');
    const key = JSON.stringify(given.sort(([a], [b]) => (a < b ? -1 : 1)));
    if (seen.has(key))
      throw wrong(`Two indexes have the same labels {${labelText(labels)}}: give them others`);
    seen.add(key);
  }
}

function wrong(message: string, path?: string): QuiverError {
  return new QuiverError('INVALID_ARGUMENT', message, path === undefined ? {} : { path });
}
