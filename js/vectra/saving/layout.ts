import type { IndexItem } from '../types.ts';
import type { Place } from './place.ts';
import type { Contents } from './store.ts';

/** Bytes to write at a place of the index file. */
export interface Patch {
  readonly at: number;
  readonly bytes: Uint8Array;
  /** What is there, up to the end of the file, where that is known. */
  readonly old?: Uint8Array;
}

/** How a format lays items out in its file, so that one can be added or taken out without writing the others again. */
export interface Layout {
  /** Reads a file from front to back and remembers where things are in it. */
  read(chunks: AsyncIterable<Uint8Array>): Promise<Contents>;

  /** Bytes of items, without what stands between them. */
  encode(item: IndexItem): Uint8Array;

  /** Takes an item out. Its bytes become something that readers pass over. */
  remove(place: Place): Patch[];

  /** Puts `bytes` in an item's place; undefined where they do not fit. */
  replace(place: Place, bytes: Uint8Array): Patch | undefined;

  /** Puts items at the end of the list; their places come in the same order. */
  append(items: readonly Uint8Array[]): { patch: Patch; places: Place[] };

  /** Makes a file of this size a little longer, by bytes that mean nothing. */
  lengthen(size: number): Patch;

  /** Bytes of items that were taken out. */
  readonly wasted: number;

  /** How many bytes the file has that mean something or did. */
  readonly length: number;

  /** The layout of a file that has the same items and no gaps: it starts with `head`, ends with `tail`. */
  anew(): { layout: Layout; head: Uint8Array; separator: Uint8Array; tail: Uint8Array };

  /** Says where the next item of a file that is written anew is. */
  place(start: number, end: number): Place;
}

/** Places in the order of the file. */
export class Places {
  #last: Place | undefined;

  get last(): Place | undefined {
    return this.#last;
  }

  add(start: number, end: number, comma = -1): Place {
    const place: Place = { start, end, comma, previous: this.#last, next: undefined };
    if (this.#last) this.#last.next = place;
    this.#last = place;
    return place;
  }

  remove({ previous, next }: Place): void {
    if (previous) previous.next = next;
    if (next) next.previous = previous;
    else this.#last = previous;
  }
}
