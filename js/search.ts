import { orAbort } from './abort.ts';
import { QuiverError } from './errors.ts';
import { ShortWork, Slices } from './event-loop.ts';
import type { OpenIndex } from './open-index.ts';
import { defaults, maxU32, type QueryManyOptions, type QueryStreamOptions } from './options.ts';
import type { QueryResult, VectorInput } from './types.ts';
import { packFilter } from './wire/filter.ts';
import { ValueReader } from './wire/msgpack-reader.ts';
import { packQueryOptions, type RareQueryOptions } from './wire/query-options.ts';
import {
  packQuery,
  packStream,
  putQuery,
  type QueryRequest,
  type QueryVectors,
  querySize,
  theQuery,
} from './wire/requests.ts';
import { blockCount, readBlock, readBlockNow } from './wire/results.ts';
import { giveRoom, type Room, takeRoom } from './wire/room.ts';
import { vectorLength } from './wire/vector.ts';

/**
 * Queries in one request, which one thread answers: many of them outweigh the way to it and back, but towards the end few
 * keep every thread busy. The engine answers as many as it can in a moment.
 */
const mostAtOnce = 64;
const fewestAtOnce = 16;

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
    options: packQueryOptions(rareOptions(options)),
  };
}

function rareOptions<T extends object>({
  topK = defaults.topK,
  groupBy,
  mmr,
}: QueryManyOptions<T>): RareQueryOptions {
  return {
    groupBy: groupBy && { field: groupBy.field, limit: groupBy.limit ?? defaults.groupLimit },
    mmr: mmr && {
      lambda: mmr.lambda ?? defaults.mmrLambda,
      candidates: mmr.candidates ?? Math.min(topK * defaults.mmrCandidatesOfEach, maxU32),
    },
  };
}

export function streamRequest<T extends object>(
  options: QueryStreamOptions<T>,
  vector: QueryVectors,
): Uint8Array {
  return packStream(
    {
      exact: options.exact ?? false,
      includeVectors: options.includeVectors ?? false,
      minScore: options.minScore ?? Number.NEGATIVE_INFINITY,
      targetRecall: options.targetRecall ?? defaults.targetRecall,
      maxResults: options.maxResults ?? 0,
      filter: packFilter(options.filter),
    },
    vector,
  );
}

const firstItem = { firstItem: 0 } as const;

/** More results than this are decoded with a look at the clock now and then. */
const decodedAtOnce = 100;

/** The results of one query: as {@link searchMany}, with less ado. */
export async function searchOne<T extends object>(
  index: OpenIndex,
  request: QueryRequest,
  vector: QueryVectors,
  signal: AbortSignal | undefined,
): Promise<QueryResult<T>[]> {
  // To let the event loop run takes less than the way to another thread and back.
  if (index.answersNow && shortWork.over && (await shortWork.rest())) {
    signal?.throwIfAborted();
    const found = searchNow<T>(index, request, vector.values);
    if (found !== undefined) return found;
  }
  const reading = index.read(packQuery(request, vector, 0, 1), firstItem);
  const response = new ValueReader(await orAbort(reading, signal));
  if (blockCount(response, 0) <= decodedAtOnce) return readBlockNow<T>(response, 0).results;
  return (await readBlock<T>(response, 0, new Slices())).results;
}

const shortWork = new ShortWork();

/**
 * The results of one query, searched for and decoded on this thread, if that is likely to take but a moment and it was not
 * busy with such for long.
 *
 * @throws {QuiverError} `INVALID_VECTOR`, `DIMENSION_MISMATCH`
 */
export function searchNow<T extends object>(
  index: OpenIndex,
  request: QueryRequest,
  vector: VectorInput,
): QueryResult<T>[] | undefined {
  if (!index.answersNow || shortWork.over) return undefined;
  const read = (room: Room): Response | undefined => index.readNow(room.bytes, firstItem);
  return shortWork.run(() => searchHere<T>(index, request, vector, read));
}

/** The same for any query, however long it takes. */
export function searchSync<T extends object>(
  index: OpenIndex,
  request: QueryRequest,
  vector: VectorInput,
): QueryResult<T>[] {
  const read = (room: Room, size: number): Response => index.readSync(room.bytes, size, firstItem);
  return searchHere<T>(index, request, vector, read) ?? [];
}

/** How many bytes the response takes where the request was, or the response. */
type Response = number | Uint8Array;

function searchHere<T extends object>(
  index: OpenIndex,
  request: QueryRequest,
  vector: VectorInput,
  read: (room: Room, size: number) => Response | undefined,
): QueryResult<T>[] | undefined {
  const dimensions = vectorLength(vector, theQuery);
  const size = querySize(request, dimensions, 1);
  const room = takeRoom(size);
  try {
    putQuery(room, request, vector, dimensions);
    index.checkQuery(dimensions);
    const response = read(room, size);
    if (response === undefined) return undefined;
    const values = typeof response === 'number' ? room.values : new ValueReader(response);
    return readBlockNow<T>(values, 0).results;
  } finally {
    giveRoom(room);
  }
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
  const { threads } = index.loaded.engine;
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (next < count) {
      const share = Math.ceil((count - next) / (threads * 4));
      let from = next;
      const to = Math.min(count, from + Math.max(fewestAtOnce, Math.min(mostAtOnce, share)));
      next = to;
      while (from < to) {
        if (failed) return;
        signal?.throwIfAborted();
        const packed = packQuery(request, vectors, from, to);
        const response = new ValueReader(
          await orAbort(index.read(packed, { firstItem: from }), signal),
        );
        if (response.bytes.length === 0) {
          throw new QuiverError('INTERNAL', 'The engine answered none of the queries', {});
        }
        for (let at = 0; at < response.bytes.length; from++) {
          const block =
            blockCount(response, at) <= decodedAtOnce
              ? readBlockNow<T>(response, at)
              : await readBlock<T>(response, at, slices);
          answers[from] = block.results;
          at = block.end;
          if (slices.over) await slices.next();
        }
      }
    }
  };
  // One request for each thread is answered while this thread decodes another.
  const workers = Math.min(Math.ceil(count / fewestAtOnce), threads * 2);
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } catch (error) {
    failed = true;
    throw error;
  }
  signal?.throwIfAborted();
  return answers;
}
