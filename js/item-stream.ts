import { QueryStream, type StreamSource } from './query-stream.ts';
import type { FoundItem } from './types.ts';

/**
 * Items in insertion order, in batches, from one picture of the index. Leaving a `for await` loop early frees what it
 * holds; whoever calls `next` by hand must call `return` too, or use `await using`.
 */
export class ItemStream<TMetadata extends object>
  implements AsyncIterableIterator<FoundItem<TMetadata>[], void, undefined>
{
  readonly #results: QueryStream<TMetadata>;

  /** @internal */
  constructor(source: StreamSource) {
    this.#results = new QueryStream(source);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next batch. Calls that overlap are answered in order. */
  async next(): Promise<IteratorResult<FoundItem<TMetadata>[], void>> {
    const step = await this.#results.next();
    if (step.done === true) return { done: true, value: undefined };
    return { done: false, value: step.value.map(({ item }) => item) };
  }

  /** Ends the stream and frees what it holds. */
  async return(): Promise<IteratorResult<FoundItem<TMetadata>[], void>> {
    await this.#results.return();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
