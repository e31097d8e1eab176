import type { ProtobufCodec } from '../codec/protobuf-codec.ts';
import { newEntry } from '../items/entry.ts';
import { ItemTable } from '../items/item-table.ts';
import type { IndexItem } from '../types.ts';
import { type Layout, type Patch, Places } from './layout.ts';
import type { Place } from './place.ts';
import type { Contents } from './store.ts';

/** A field's tag: its number and that its length follows. */
const tagOf = (field: number): number => (field << 3) | 2;

const items = 3;
/** A field that the schema has not, which readers pass over. */
const nothing = 15;

/**
 * Fields one after the other: an item is added at the end of the file, and taken out by giving its field a number that
 * means nothing.
 */
export class ProtobufLayout implements Layout {
  readonly #codec: ProtobufCodec;
  #head: Uint8Array = Buffer.alloc(0);
  #places = new Places();
  #length = 0;
  #wasted = 0;

  constructor(codec: ProtobufCodec) {
    this.#codec = codec;
  }

  get wasted(): number {
    return this.#wasted;
  }

  get length(): number {
    return this.#length;
  }

  async read(chunks: AsyncIterable<Uint8Array>): Promise<Contents> {
    const pieces: Uint8Array[] = [];
    for await (const chunk of chunks) pieces.push(chunk);
    const bytes = Buffer.concat(pieces);
    const table = new ItemTable();
    const head: Uint8Array[] = [];
    for (const { tag, start, content, end } of fields(bytes)) {
      if (tag === tagOf(items)) {
        const entry = newEntry(this.#codec.deserializeItem(bytes.subarray(content, end)));
        entry.place = this.#places.add(start, end);
        table.add(entry);
      } else if (tag === tagOf(nothing)) {
        this.#wasted += end - start;
      } else {
        head.push(bytes.subarray(start, end));
      }
    }
    this.#head = Buffer.concat(head);
    this.#length = bytes.length;
    const { version, metadata_config } = this.#codec.deserializeIndex(Buffer.from(this.#head));
    return { version, metadata_config, table };
  }

  encode(item: IndexItem): Uint8Array {
    const message = this.#codec.serializeItem(item);
    return Buffer.concat([Buffer.from([tagOf(items), ...varint(message.length)]), message]);
  }

  remove(place: Place): Patch[] {
    this.#places.remove(place);
    this.#wasted += place.end - place.start;
    return [{ at: place.start, bytes: Buffer.from([tagOf(nothing)]) }];
  }

  replace(place: Place, bytes: Uint8Array): Patch | undefined {
    return bytes.length === place.end - place.start ? { at: place.start, bytes } : undefined;
  }

  append(encoded: readonly Uint8Array[]): { patch: Patch; places: Place[] } {
    const at = this.#length;
    const places = encoded.map(({ length }) => {
      this.#length += length;
      return this.#places.add(this.#length - length, this.#length);
    });
    return { patch: { at, bytes: Buffer.concat(encoded) }, places };
  }

  lengthen(size: number): Patch {
    const bytes = Buffer.from([tagOf(nothing), 0]);
    this.#length = size + bytes.length;
    return { at: size, bytes };
  }

  anew(): { layout: Layout; head: Uint8Array; separator: Uint8Array; tail: Uint8Array } {
    const layout = new ProtobufLayout(this.#codec);
    layout.#head = this.#head;
    layout.#length = this.#head.length;
    return { layout, head: this.#head, separator: Buffer.alloc(0), tail: Buffer.alloc(0) };
  }

  place(start: number, end: number): Place {
    this.#length = end;
    return this.#places.add(start, end);
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

interface Field {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** The outermost fields: numbers, and those that say their length. */
function* fields(bytes: Uint8Array): Generator<Field, void, undefined> {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('The index file ends within a number');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`The index file has a number that is too long, at byte ${at}`);
  };
  while (at < bytes.length) {
    const start = at;
    const tag = number();
    const kind = tag & 7;
    if (kind !== 0 && kind !== 2)
      throw new RangeError(`The index file has a field of an unknown kind, at byte ${start}`);
    const length = number();
    const content = at;
    if (kind === 2) at += length;
    if (at > bytes.length) throw new RangeError('The index file ends within a field');
    yield { tag, start, content, end: at };
  }
}
