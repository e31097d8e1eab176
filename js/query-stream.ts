import { orAbort } from './abort.ts';
import { Cursor } from './cursor.ts';
import type { OpenIndex } from './open-index.ts';
import type { QueryResult } from './types.ts';

export interface StreamSource {
  /** Opens the index and gives it with the STREAM or LIST request for it. */
  readonly open: () => Promise<{ readonly index: OpenIndex; readonly request: Uint8Array }>;
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Results best first, in batches, from one picture of the index. Leaving a `for await` loop early frees what it holds;
 * whoever calls `next` by hand must call `return` too, or use `await using`.
 */
export class QueryStream<TMetadata extends object>
  implements AsyncIterableIterator<QueryResult<TMetadata>[], void, undefined>
{
  readonly #source: StreamSource;
  #cursor: Promise<Cursor<TMetadata>> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #finished = false;

  constructor(source: StreamSource) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next batch. Calls that overlap are answered in order. */
  next(): Promise<IteratorResult<QueryResult<TMetadata>[], void>> {
    return this.#inOrder(async () => {
      if (this.#finished) return { done: true, value: undefined };
      try {
        const batch = await this.#fetch();
        if (batch.length > 0) return { done: false, value: batch };
      } catch (error) {
        await this.#free().catch(() => undefined); // the first error is the one to report
        throw error;
      }
      await this.#free();
      return { done: true, value: undefined };
    });
  }

  /** Ends the stream and frees what it holds. */
  return(): Promise<IteratorResult<QueryResult<TMetadata>[], void>> {
    return this.#inOrder(async () => {
      await this.#free();
      return { done: true, value: undefined };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #fetch(): Promise<QueryResult<TMetadata>[]> {
    const { signal, batchSize } = this.#source;
    signal?.throwIfAborted();
    this.#cursor ??= this.#open();
    const cursor = await orAbort(this.#cursor, signal);
    return orAbort(cursor.next(batchSize), signal);
  }

  async #open(): Promise<Cursor<TMetadata>> {
    const { index, request } = await this.#source.open();
    return Cursor.open<TMetadata>(index, request);
  }

  async #free(): Promise<void> {
    this.#finished = true;
    const opening = this.#cursor;
    this.#cursor = undefined;
    if (opening === undefined) return;
    // A cursor that could not be opened holds nothing, and next() has told why.
    const cursor = await opening.catch(() => undefined);
    await cursor?.close();
  }

  #inOrder<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
