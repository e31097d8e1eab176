import { orAbort } from './abort.ts';
import { Slices } from './event-loop.ts';
import type { OpenIndex } from './open-index.ts';
import { defaults, type QueryManyOptions, type QueryStreamOptions } from './options.ts';
import type { QueryResult } from './types.ts';
import { packFilter } from './wire/filter.ts';
import { packQuery, packStream, type QueryRequest, type QueryVectors } from './wire/requests.ts';
import { blockCount, readBlock, readBlockNow } from './wire/results.ts';

/**
 * Queries in one request, which one thread answers: enough to outweigh the call, few enough to keep every core busy to
 * the end and, where there is one thread only, not to hold it long.
 */
const queriesAtOnce = 8;

/** Packs everything of a query but its vectors; the caller may change the options at once. */
export function queryRequest<T extends object>(options: QueryManyOptions<T>): QueryRequest {
  return {
    topK: options.topK ?? defaults.topK,
    ef: options.ef ?? defaults.ef,
    targetRecall: options.targetRecall ?? defaults.targetRecall,
    exact: options.exact ?? false,
    includeVectors: options.includeVectors ?? false,
    minScore: options.minScore ?? Number.NEGATIVE_INFINITY,
    filter: packFilter(options.filter),
  };
}

export function streamRequest<T extends object>(
  options: QueryStreamOptions<T>,
  vector: QueryVectors,
): Uint8Array {
  return packStream(
    {
      includeVectors: options.includeVectors ?? false,
      minScore: options.minScore ?? Number.NEGATIVE_INFINITY,
      maxResults: options.maxResults ?? 0,
      filter: packFilter(options.filter),
    },
    vector,
  );
}

/** More results than this are decoded with a look at the clock now and then. */
const decodedAtOnce = 100;

/** The results of one query: as {@link searchMany}, with less ado. */
export async function searchOne<T extends object>(
  index: OpenIndex,
  request: QueryRequest,
  vector: QueryVectors,
  signal: AbortSignal | undefined,
): Promise<QueryResult<T>[]> {
  const reading = index.read(packQuery(request, vector, 0, 1), { firstItem: 0 });
  const response = signal === undefined ? await reading : await orAbort(reading, signal);
  if (blockCount(response) <= decodedAtOnce) return readBlockNow<T>(response);
  return (await readBlock<T>(response, 0, new Slices())).results;
}

/** The results of one query, searched for and decoded on this thread. */
export function searchOneSync<T extends object>(
  index: OpenIndex,
  request: QueryRequest,
  vector: QueryVectors,
): QueryResult<T>[] {
  return readBlockNow<T>(index.readSync(packQuery(request, vector, 0, 1), { firstItem: 0 }));
}

/** The results of `count` queries, in order. */
export async function searchMany<T extends object>(
  index: OpenIndex,
  request: QueryRequest,
  vectors: QueryVectors,
  count: number,
  signal: AbortSignal | undefined,
): Promise<QueryResult<T>[][]> {
  const slices = new Slices();
  const answers = new Array<QueryResult<T>[]>(count);
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (next < count && !failed) {
      signal?.throwIfAborted();
      const from = next;
      next = Math.min(count, from + queriesAtOnce);
      const to = next;
      const response = await orAbort(
        index.read(packQuery(request, vectors, from, to), { firstItem: from }),
        signal,
      );
      let at = 0;
      for (let i = from; i < to; i++) {
        const block = await readBlock<T>(response, at, slices);
        answers[i] = block.results;
        at = block.end;
      }
    }
  };
  // One request for each thread is answered while this thread decodes another.
  const workers = Math.min(Math.ceil(count / queriesAtOnce), index.loaded.engine.threads * 2);
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } catch (error) {
    failed = true;
    throw error;
  }
  signal?.throwIfAborted();
  return answers;
}
