import type { OpenIndex } from '../open-index.ts';
import { type CoreStats, performanceMetrics } from '../stats.ts';
import {
  type LatencyBuckets,
  type LatencyKind,
  latencyKinds,
  type MetricsData,
  type PerformanceMetrics,
} from '../types.ts';

export type Labels = Readonly<Record<string, string>>;

/** A bucket of the core: the longest nanoseconds that it counts. */
export interface Bucket {
  readonly longest: number;
  readonly count: number;
}

/** What one index said of itself at one moment. */
export interface MetricsSample {
  readonly labels: Labels;
  readonly index: OpenIndex;
  readonly metrics: PerformanceMetrics;
  /** Ascending. */
  readonly buckets: Readonly<Record<LatencyKind, readonly Bucket[]>>;
  readonly totalMs: Readonly<Record<LatencyKind, number>>;
  readonly maxMs: Readonly<Record<LatencyKind, number>>;
}

export function metricsSample(index: OpenIndex, stats: CoreStats, labels: Labels): MetricsSample {
  return {
    labels,
    index,
    metrics: performanceMetrics(index, stats),
    buckets: ofEachKind((kind) => pairs(stats[kind].buckets ?? [])),
    totalMs: ofEachKind((kind) => stats[kind].totalMs),
    maxMs: ofEachKind((kind) => stats[kind].max),
  };
}

export function metricsData({ labels, metrics, buckets }: MetricsSample): MetricsData {
  const inMs = ({ longest, count }: Bucket) => ({ upToMs: longest / 1e6, count });
  return {
    labels,
    ...metrics,
    histograms: ofEachKind((kind): LatencyBuckets => buckets[kind].map(inMs)),
  };
}

function ofEachKind<T>(value: (kind: LatencyKind) => T): Readonly<Record<LatencyKind, T>> {
  return Object.fromEntries(latencyKinds.map((kind) => [kind, value(kind)])) as Record<
    LatencyKind,
    T
  >;
}

function pairs(numbers: readonly number[]): Bucket[] {
  const buckets: Bucket[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2)
    buckets.push({ longest: numbers[i] as number, count: numbers[i + 1] as number });
  return buckets;
}
