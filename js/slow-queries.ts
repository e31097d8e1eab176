import type { Filter } from './filter.ts';
import type { OpenIndex } from './open-index.ts';
import { readValue } from './wire/msgpack-reader.ts';
import { op, packWords } from './wire/requests.ts';

/** A query that took at least `slowQueryMs`. */
export interface SlowQuery<TMetadata extends object> {
  /** When it ended. */
  readonly at: Date;
  /** Milliseconds in the core. */
  readonly ms: number;
  readonly topK: number;
  /** Null when `targetRecall` decided. */
  readonly ef: number | null;
  /** As it was given; null for none. */
  readonly filter: Filter<TMetadata> | null;
  readonly results: number;
  /** Which kinds of plans its segments had, as `explain` names them, with commas between them. */
  readonly plan: string;
}

/** The newest first. */
export async function readSlowQueries<T extends object>(index: OpenIndex): Promise<SlowQuery<T>[]> {
  const entries = readValue(await index.read(packWords(op.slowQueries)));
  return (entries as (Omit<SlowQuery<T>, 'at'> & { at: number })[]).map(({ at, ...entry }) => ({
    at: new Date(at),
    ...entry,
  }));
}
