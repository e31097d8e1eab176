import { Slices } from './event-loop.ts';
import type { OpenIndex } from './open-index.ts';
import type { QueryResult } from './types.ts';
import { ValueReader } from './wire/msgpack-reader.ts';
import { op, packWords } from './wire/requests.ts';
import { readBlock, readWord } from './wire/results.ts';

/** One picture of the index that results are fetched from in pieces. Must be closed. */
export class Cursor<TMetadata extends object> {
  readonly #index: OpenIndex;
  readonly #number: number;
  #closed = false;

  private constructor(index: OpenIndex, number: number) {
    this.#index = index;
    this.#number = number;
  }

  /** `request` is a LIST or a STREAM. */
  static async open<TMetadata extends object>(
    index: OpenIndex,
    request: Uint8Array,
  ): Promise<Cursor<TMetadata>> {
    return new Cursor(index, readWord(await index.read(request), 0));
  }

  /** At most `count` more results; none when finished. */
  async next(count: number): Promise<QueryResult<TMetadata>[]> {
    const response = await this.#index.read(packWords(op.next, this.#number, count));
    return (await readBlock<TMetadata>(new ValueReader(response), 0, new Slices())).results;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#index.read(packWords(op.closeCursor, this.#number));
  }
}
