import { ByteWriter } from './byte-writer.ts';
import { writeId } from './id.ts';
import { Room } from './room.ts';
import { copyVector, dimensionMismatch, type VectorName, vectorLength } from './vector.ts';

/** The first word of every request; see docs/engine-messages.md. */
export const op = {
  query: 1,
  get: 2,
  stats: 3,
  verify: 4,
  list: 5,
  stream: 6,
  next: 7,
  closeCursor: 8,
  refresh: 9,
  snapshot: 10,
  slowQueries: 11,
  write: 16,
  begin: 17,
  stage: 18,
  commit: 19,
  cancel: 20,
  optimize: 21,
  restore: 22,
} as const;

/** What messages call the vector of a single query. */
export const theQuery = (): VectorName => ({ text: 'the query' });

/** The bits of a read's `flags`. */
const flag = { vectors: 1, exact: 2, mayStop: 4, explain: 8 } as const;

/** A request of whole numbers only. */
export function packWords(...words: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

export interface QueryRequest {
  readonly topK: number;
  /** 0: the core's default. */
  readonly ef: number;
  readonly exact: boolean;
  /** Whether a map that explains it follows the results; of one query alone. */
  readonly explain?: boolean;
  readonly includeVectors: boolean;
  /** -Infinity: none. */
  readonly minScore: number;
  /** 0: the core's default. */
  readonly targetRecall: number;
  readonly filter: Uint8Array;
  /** What is seldom asked for, as `packQueryOptions` packs it; empty for nothing. */
  readonly options: Uint8Array;
}

/** Query vectors, copied one after the other, and their common length. */
export interface QueryVectors {
  readonly values: Float32Array;
  readonly dimensions: number;
}

/**
 * Copies query vectors, so that the caller may change them at once.
 *
 * @throws {QuiverError} `INVALID_VECTOR`, `DIMENSION_MISMATCH` when they differ in length.
 */
export function copyQueryVectors(vectors: readonly unknown[]): QueryVectors {
  const name = (i: number): VectorName =>
    vectors.length === 1 ? theQuery() : { text: `query ${i}`, item: i };
  if (vectors.length === 0) return { values: new Float32Array(0), dimensions: 0 };
  const dimensions = vectorLength(vectors[0], () => name(0));
  const values = new Float32Array(vectors.length * dimensions);
  for (const [i, vector] of vectors.entries()) {
    const length = vectorLength(vector, () => name(i));
    if (length !== dimensions) throw dimensionMismatch(name(i), dimensions, length);
    copyVector(vector as ArrayLike<number>, values, i * dimensions, () => name(i));
  }
  return { values, dimensions };
}

/** The words before the vectors of a query. */
const queryHead = 10;

/** Bytes of a request of `count` queries. */
export function querySize(request: QueryRequest, dimensions: number, count: number): number {
  return (queryHead + dimensions * count) * 4 + request.filter.length + request.options.length;
}

/** `from` and `to` choose among the queries, of which the response holds those that took but a moment. */
export function packQuery(
  request: QueryRequest,
  vectors: QueryVectors,
  from: number,
  to: number,
): Uint8Array {
  const { dimensions, values } = vectors;
  const size = querySize(request, dimensions, to - from);
  const room = new Room(size);
  room.floats.set(values.subarray(from * dimensions, to * dimensions), queryHead);
  putQueryAround(room, request, to - from, dimensions);
  room.words[3] = (room.words[3] as number) | flag.mayStop;
  return room.bytes.subarray(0, size);
}

/**
 * Puts one query into room of {@link querySize}.
 *
 * @throws {QuiverError} `INVALID_VECTOR`
 */
export function putQuery(
  room: Room,
  request: QueryRequest,
  vector: ArrayLike<number>,
  dimensions: number,
): void {
  copyVector(vector, room.floats, queryHead, theQuery);
  putQueryAround(room, request, 1, dimensions);
}

/** What stands before and behind the vectors. */
function putQueryAround(
  { words, floats, bytes }: Room,
  request: QueryRequest,
  count: number,
  dimensions: number,
): void {
  words[0] = op.query;
  words[1] = request.topK;
  words[2] = request.ef;
  words[3] = flags(request);
  floats[4] = request.minScore;
  floats[5] = request.targetRecall;
  words[6] = count;
  words[7] = dimensions;
  words[8] = request.filter.length;
  words[9] = request.options.length;
  const end = (queryHead + count * dimensions) * 4;
  if (request.filter.length > 0) bytes.set(request.filter, end);
  if (request.options.length > 0) bytes.set(request.options, end + request.filter.length);
}

function flags(request: Flagged): number {
  return (
    (request.includeVectors ? flag.vectors : 0) |
    (request.exact ? flag.exact : 0) |
    (request.explain === true ? flag.explain : 0)
  );
}

interface Flagged {
  readonly includeVectors: boolean;
  readonly exact: boolean;
  readonly explain?: boolean;
}

export interface StreamRequest {
  readonly exact: boolean;
  /** 0: the core's default. */
  readonly targetRecall: number;
  readonly includeVectors: boolean;
  /** -Infinity: none. */
  readonly minScore: number;
  /** 0: all. */
  readonly maxResults: number;
  readonly filter: Uint8Array;
}

export function packStream(request: StreamRequest, vector: QueryVectors): Uint8Array {
  const head = [
    op.stream,
    flags(request),
    0,
    0,
    request.maxResults,
    vector.dimensions,
    request.filter.length,
  ];
  const size = (head.length + vector.dimensions) * 4 + request.filter.length;
  const { bytes, words, floats } = new Room(size);
  words.set(head);
  floats[2] = request.minScore;
  floats[3] = request.targetRecall;
  floats.set(vector.values, head.length);
  bytes.set(request.filter, (head.length + vector.dimensions) * 4);
  return bytes.subarray(0, size);
}

/** @throws {QuiverError} `INVALID_ID` */
export function packGet(ids: readonly unknown[], includeVectors: boolean): Uint8Array {
  const writer = new ByteWriter();
  const lengths = ids.map((id, i) => writeId(writer, id, i));
  const head = Uint32Array.from([
    op.get,
    includeVectors ? flag.vectors : 0,
    ids.length,
    ...lengths,
  ]);
  return join(head, writer.bytes);
}

/** `base` is empty for none. */
export function packSnapshot(folder: string, base: string): Uint8Array {
  const encoder = new TextEncoder();
  const [target, earlier] = [encoder.encode(folder), encoder.encode(base)];
  const writer = new ByteWriter();
  writer.raw(target);
  writer.raw(earlier);
  return join(Uint32Array.from([op.snapshot, target.length, earlier.length]), writer.bytes);
}

export function packRestore(folder: string): Uint8Array {
  return join(Uint32Array.from([op.restore]), new TextEncoder().encode(folder));
}

export function packList(filter: Uint8Array, includeVectors: boolean): Uint8Array {
  return join(
    Uint32Array.from([op.list, includeVectors ? flag.vectors : 0, filter.length]),
    filter,
  );
}

function join(head: Uint32Array, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.byteLength + rest.length);
  bytes.set(new Uint8Array(head.buffer));
  bytes.set(rest, head.byteLength);
  return bytes;
}
