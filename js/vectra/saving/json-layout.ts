import { JsonSplitter } from '../../json-parts.ts';
import { newEntry } from '../items/entry.ts';
import { ItemTable } from '../items/item-table.ts';
import type { IndexItem } from '../types.ts';
import { type Layout, type Patch, Places } from './layout.ts';
import type { Place } from './place.ts';
import type { Contents } from './store.ts';

const comma = Buffer.from(',');
const space = 0x20;
const closeBracket = 0x5d;

/**
 * `{"version":1,"metadata_config":{},"items":[{…},{…}]}`: an item is added by writing over the closing brackets, and taken
 * out by writing spaces over it and one comma beside it.
 */
export class JsonLayout implements Layout {
  #members: Record<string, unknown> = {};
  #places = new Places();
  /** Where the list's closing bracket is. */
  #end = 0;
  /** From there to the end of the file. */
  #tail: Uint8Array = Buffer.from(']}');
  #wasted = 0;

  get wasted(): number {
    return this.#wasted;
  }

  get length(): number {
    return this.#end + this.#tail.length;
  }

  async read(chunks: AsyncIterable<Uint8Array>): Promise<Contents> {
    const table = new ItemTable();
    const splitter = new JsonSplitter('items', (problem) => new SyntaxError(problem));
    const end: Uint8Array[] = [];
    let before = 0;
    for await (const chunk of chunks) {
      for (const part of splitter.feed(chunk)) {
        if (part.kind === 'member') {
          this.#members[part.name] = part.value;
          continue;
        }
        const entry = newEntry(itemOf(part.value, part.at));
        entry.place = this.#places.add(part.start, part.end, part.comma);
        this.#wasted += part.start - (entry.place.previous?.end ?? part.start) - comma.length;
        table.add(entry);
      }
      if (splitter.arrayEnd >= 0) end.push(chunk.subarray(Math.max(splitter.arrayEnd - before, 0)));
      before += chunk.length;
    }
    splitter.end();
    this.#end = splitter.arrayEnd;
    this.#tail = trimmed(Buffer.concat(end));
    this.#wasted = Math.max(this.#wasted, 0);
    const { version, metadata_config } = this.#members;
    return {
      version: version as number,
      metadata_config: (metadata_config ?? {}) as Contents['metadata_config'],
      table,
    };
  }

  encode(item: IndexItem): Uint8Array {
    return Buffer.from(JSON.stringify(item));
  }

  remove(place: Place): Patch[] {
    const patches = [blank(place.start, place.end)];
    const { previous, next } = place;
    // The comma before it goes with it; the first item has none, so the next one's does.
    if (previous) {
      patches.push(blank(place.comma, place.comma + 1));
    } else if (next) {
      patches.push(blank(next.comma, next.comma + 1));
      next.comma = -1;
    }
    this.#places.remove(place);
    this.#wasted += place.end - place.start;
    return patches;
  }

  replace(place: Place, bytes: Uint8Array): Patch | undefined {
    const room = place.end - place.start;
    if (bytes.length > room) return undefined;
    return {
      at: place.start,
      bytes: Buffer.concat([bytes, Buffer.alloc(room - bytes.length, space)]),
    };
  }

  append(items: readonly Uint8Array[]): { patch: Patch; places: Place[] } {
    const at = this.#end;
    const pieces: Uint8Array[] = [];
    const places: Place[] = [];
    for (const bytes of items) {
      const hasPrevious = this.#places.last !== undefined;
      if (hasPrevious) pieces.push(comma);
      const start = this.#end + (hasPrevious ? comma.length : 0);
      places.push(this.#places.add(start, start + bytes.length, hasPrevious ? this.#end : -1));
      pieces.push(bytes);
      this.#end = start + bytes.length;
    }
    return {
      patch: { at, bytes: Buffer.concat([...pieces, this.#tail]), old: this.#tail },
      places,
    };
  }

  lengthen(size: number): Patch {
    return blank(size, size + 1);
  }

  anew(): { layout: Layout; head: Uint8Array; separator: Uint8Array; tail: Uint8Array } {
    const layout = new JsonLayout();
    layout.#members = this.#members;
    const members = JSON.stringify(this.#members).slice(0, -1);
    const head = Buffer.from(`${members}${members === '{' ? '' : ','}"items":[`);
    layout.#end = head.length;
    return { layout, head, separator: comma, tail: layout.#tail };
  }

  place(start: number, end: number): Place {
    const place = this.#places.add(start, end, this.#places.last === undefined ? -1 : start - 1);
    this.#end = end;
    return place;
  }
}

const blank = (start: number, end: number): Patch => ({
  at: start,
  bytes: Buffer.alloc(end - start, space),
});

/** Without white space at the end. */
function trimmed(bytes: Uint8Array): Uint8Array {
  let { length } = bytes;
  while (length > 0 && (bytes[length - 1] as number) <= space) length--;
  if (bytes[0] !== closeBracket) throw new Error('Expected the end of the list of items');
  // Of its own, not a view of all that was read.
  return Buffer.from(bytes.subarray(0, length));
}

function itemOf(value: unknown, at: number): IndexItem {
  const item = value as Partial<IndexItem> | null;
  if (typeof item?.id !== 'string' || !Array.isArray(item.vector))
    throw new SyntaxError(`Expected item ${at} to have an id and a vector`);
  return item as IndexItem;
}
