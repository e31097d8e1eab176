import { expected } from './errors.ts';
import { checkLabels, prometheusText } from './metrics/prometheus.ts';
import { reportText } from './metrics/report.ts';
import { type Labels, type MetricsSample, metricsData, metricsSample } from './metrics/sample.ts';
import type { OpenIndex } from './open-index.ts';
import { checkMetricsOptions, type MetricsOptions } from './options.ts';
import { readStats } from './stats.ts';
import type { MetricsData } from './types.ts';

/**
 * What an index did since it was opened, in forms for programs, for Prometheus and for people. Each call reads it anew,
 * opening the index if it is not open. docs/metrics.md says what each number counts.
 *
 * @example
 * response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
 * response.end(await index.metrics.toPrometheus({ labels: { app: 'films' } }));
 */
export class IndexMetrics {
  readonly #folder: string;
  readonly #open: () => Promise<OpenIndex>;

  /** @internal */
  constructor(folder: string, open: () => Promise<OpenIndex>) {
    this.#folder = folder;
    this.#open = open;
  }

  /**
   * What `getPerformanceMetrics` gives, with the histograms behind its percentiles and the labels.
   *
   * @throws {QuiverError} `INVALID_ARGUMENT`
   */
  async toJSON(options: MetricsOptions = {}): Promise<MetricsData> {
    return metricsData(await this.sample(options));
  }

  /**
   * One text in Prometheus's format 0.0.4. For several indexes see {@link toPrometheus}.
   *
   * @throws {QuiverError} `INVALID_ARGUMENT`
   */
  async toPrometheus(options: MetricsOptions = {}): Promise<string> {
    return prometheusText([await this.sample(options)]);
  }

  /**
   * A page of text for people; its form may change.
   *
   * @throws {QuiverError} `INVALID_ARGUMENT`
   */
  async report(options: MetricsOptions = {}): Promise<string> {
    return reportText(await this.sample(options));
  }

  /** @internal */
  async sample(options: MetricsOptions): Promise<MetricsSample> {
    const { labels = {} } = checkMetricsOptions(options);
    const given: Labels = { index: this.#folder, ...labels };
    checkLabels(given);
    const index = await this.#open();
    return metricsSample(index, await readStats(index, { buckets: true }), given);
  }
}

interface MeasuredIndex {
  readonly metrics: IndexMetrics;
}

interface LabelledIndex {
  readonly index: MeasuredIndex;
  readonly labels?: Labels;
}

/** An index, or one with labels beside or instead of `index`, its folder. */
export type MetricsSource = MeasuredIndex | LabelledIndex;

/**
 * The metrics of several indexes as one text in Prometheus's format 0.0.4, in which each metric stands once.
 *
 * @example
 * await toPrometheus([films, { index: books, labels: { index: 'books', team: 'b' } }]);
 * @throws {QuiverError} `INVALID_ARGUMENT`, also when two have the same labels
 */
export async function toPrometheus(sources: readonly MetricsSource[]): Promise<string> {
  if (!Array.isArray(sources))
    throw expected('INVALID_ARGUMENT', 'an array of indexes', 'sources', sources);
  const reads = sources.map((source: MetricsSource, i) => {
    const { index, labels = {} } =
      'index' in Object(source) ? (source as LabelledIndex) : { index: source as MeasuredIndex };
    // By what it has: it may come from another copy of this package.
    if (typeof index?.metrics?.sample !== 'function')
      throw expected('INVALID_ARGUMENT', 'an index, or one with labels', `sources[${i}]`, source);
    return () => index.metrics.sample({ labels });
  });
  return prometheusText(await Promise.all(reads.map((read) => read())));
}
