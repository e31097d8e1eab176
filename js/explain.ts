import { orAbort } from './abort.ts';
import { Slices } from './event-loop.ts';
import type { OpenIndex } from './open-index.ts';
import type { QueryResult } from './types.ts';
import { ValueReader } from './wire/msgpack-reader.ts';
import { packQuery, type QueryRequest, type QueryVectors } from './wire/requests.ts';
import { readBlock } from './wire/results.ts';

/**
 * How the rows of a segment were searched: a walk through its graph, one that asked the filter of the rows that it met, all
 * rows that the filter takes by their codes or by their vectors, all rows, or all rows that are in no segment yet; or not
 * at all, because nothing there can be a result.
 */
export type PlanKind =
  | 'walk'
  | 'filtered-walk'
  | 'code-scan'
  | 'selected-scan'
  | 'exact-scan'
  | 'head-scan'
  | 'skipped';

/** How a segment answered the filter. */
export interface FilterPlan {
  /** From when it was last asked, column by column, or row by row; `why` tells where the first two were but a part of it. */
  readonly by: 'memory' | 'columns' | 'rows';
  /** In words. */
  readonly why: string;
  /** The share of rows that the plan expected it to take; null when nothing was known beforehand. */
  readonly estimated: number | null;
  /** The share that it takes: of all rows, or of those that it was asked of row by row; null when it was asked of none. */
  readonly real: number | null;
  /** Rows that it was asked of one by one. */
  readonly asked: number;
  /** Rows that it takes: of all, or of those that it was asked of. */
  readonly taken: number;
}

/** What a query did in one segment. */
export interface SegmentPlan {
  /** Null for rows that are in no segment yet. */
  readonly file: string | null;
  readonly rows: number;
  /** Rows that are not deleted. */
  readonly live: number;
  readonly kind: PlanKind;
  /** Why this way was taken, in words. */
  readonly why: string;
  /** Whether a walk was begun and did not find enough, so that rows were measured in order after all. */
  readonly gaveUpWalk: boolean;
  /** Candidates that a walk or a scan of codes keeps. */
  readonly ef: number;
  /** Null without a filter. */
  readonly filter: FilterPlan | null;
  /** Rows that a walk met, and those that were gone through in order. */
  readonly visited: number;
  /** Distances that were computed on the way, by codes where there are any. */
  readonly distances: number;
  /** Lists of neighbours that a walk followed. */
  readonly lists: number;
  /** Rows that were measured again by their vectors. */
  readonly reranked: number;
  /** Bytes of codes, vectors and lists that were looked at, about. */
  readonly bytesRead: number;
  /** Candidates for the result that came of it. */
  readonly found: number;
  readonly filterMs: number;
  readonly searchMs: number;
  readonly rerankMs: number;
}

/** What a query did and why it took so long, measured in the core. */
export interface QueryExplanation {
  readonly items: number;
  readonly results: number;
  /** Bytes of the answer, read from columns and vectors. */
  readonly resultBytes: number;
  readonly totalMs: number;
  /** Checking the vector and bringing it into the form that distances need. */
  readonly prepareMs: number;
  /** Answering the filter by columns, in all segments; where it is asked row by row that is part of the search. */
  readonly filterMs: number;
  readonly searchMs: number;
  readonly rerankMs: number;
  /** Reading ids and metadata of the results. */
  readonly fetchMs: number;
  /** Segments in the order of their rows, then rows that are in none. */
  readonly segments: readonly SegmentPlan[];
  /** All of it to read. */
  readonly text: string;
}

/** Of `query` with `explain: true`. */
export interface ExplainedResults<TMetadata extends object> {
  readonly results: QueryResult<TMetadata>[];
  readonly explanation: QueryExplanation;
}

/** The map behind the results, see docs/engine-messages.md. */
type CoreExplanation = Omit<QueryExplanation, 'filterMs' | 'searchMs' | 'rerankMs' | 'text'>;

export async function explainQuery<T extends object>(
  index: OpenIndex,
  request: QueryRequest,
  vector: QueryVectors,
  signal: AbortSignal | undefined,
): Promise<ExplainedResults<T>> {
  const packed = packQuery({ ...request, explain: true }, vector, 0, 1);
  const reading = index.read(packed, { firstItem: 0 });
  const response = new ValueReader(await orAbort(reading, signal));
  const { results, end } = await readBlock<T>(response, 0, new Slices());
  const map = response.readBetween(end, response.bytes.length) as CoreExplanation;
  return { results, explanation: explanationOf(map) };
}

function explanationOf(map: CoreExplanation): QueryExplanation {
  const sum = (name: 'filterMs' | 'searchMs' | 'rerankMs'): number =>
    map.segments.reduce((total, segment) => total + segment[name], 0);
  const explanation = {
    ...map,
    filterMs: sum('filterMs'),
    searchMs: sum('searchMs'),
    rerankMs: sum('rerankMs'),
  };
  return { ...explanation, text: explanationText(explanation) };
}

/** For people. */
export function explanationText(of: Omit<QueryExplanation, 'text'>): string {
  const stages = (['prepare', 'filter', 'search', 'rerank', 'fetch'] as const)
    .map((stage) => `${stage} ${milliseconds(of[`${stage}Ms`])}`)
    .join(', ');
  return [
    `${counted(of.results, 'result')} of ${counted(of.items, 'item')} in ${milliseconds(of.totalMs)} (${stages})`,
    ...of.segments.flatMap(segmentText),
    `the answer: ${bytes(of.resultBytes)}`,
  ].join('\n');
}

const kindTexts: Readonly<Record<PlanKind, string>> = {
  walk: 'a walk through the graph',
  'filtered-walk': 'a walk through the graph that asks the filter',
  'code-scan': 'all rows that the filter takes, by their codes',
  'selected-scan': 'all rows that the filter takes, by their vectors',
  'exact-scan': 'all rows, by their vectors',
  'head-scan': 'all rows, by their vectors',
  skipped: 'not searched',
};

function segmentText(plan: SegmentPlan): string[] {
  const deleted = plan.rows - plan.live;
  const rows = counted(plan.rows, 'row') + (deleted === 0 ? '' : `, ${number(deleted)} deleted`);
  const lines = [
    `${plan.file ?? 'rows in no segment yet'} (${rows}): ${kindTexts[plan.kind]}`,
    `  why: ${plan.why}`,
  ];
  if (plan.gaveUpWalk) lines.push('  a walk was begun and given up');
  const { filter } = plan;
  if (filter !== null) {
    const of = filter.asked > 0 ? filter.asked : plan.rows;
    lines.push(
      `  filter: ${filter.why}; it takes ${number(filter.taken)} of ${counted(of, 'row')}${share(filter)}, ${milliseconds(plan.filterMs)}`,
    );
  }
  if (plan.kind !== 'skipped') {
    const keeps = plan.kind.endsWith('walk') || plan.kind === 'code-scan';
    const parts = [
      ...(keeps ? [`ef ${number(plan.ef)}`] : []),
      `${counted(plan.visited, 'row')} visited`,
      counted(plan.distances, 'distance'),
      ...(plan.lists === 0 ? [] : [`${counted(plan.lists, 'list')} of neighbours`]),
      ...(plan.reranked === 0 ? [] : [`${number(plan.reranked)} measured again`]),
      `${bytes(plan.bytesRead)} read`,
      `${number(plan.found)} found`,
      `${milliseconds(plan.searchMs + plan.rerankMs)}`,
    ];
    lines.push(`  ${parts.join(', ')}`);
  }
  return lines;
}

function share({ real }: FilterPlan): string {
  return real === null ? '' : ` (${(real * 100).toFixed(1)}%)`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(3)} ms`;
}

function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}
