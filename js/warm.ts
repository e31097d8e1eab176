import { orAbort } from './abort.ts';
import type { OpenIndex } from './open-index.ts';
import { packQuery, type QueryRequest, type QueryVectors } from './wire/requests.ts';

/** A query of which only that it was asked counts. */
export interface PackedQuery {
  readonly request: QueryRequest;
  readonly vector: QueryVectors;
}

/** Has the core answer queries, so that it has the answers in its cache; none is decoded. */
export async function warmCache(
  index: OpenIndex,
  queries: readonly PackedQuery[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { vector } of queries) index.checkQuery(vector.dimensions);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < queries.length) {
      const item = next++;
      const { request, vector } = queries[item] as PackedQuery;
      signal?.throwIfAborted();
      const reading = index.read(packQuery(request, vector, 0, 1), { firstItem: item });
      try {
        await orAbort(reading, signal);
      } catch (error) {
        next = queries.length;
        throw error;
      }
    }
  };
  const workers = Math.min(queries.length, index.loaded.engine.threads * 2);
  await Promise.all(Array.from({ length: workers }, work));
}
