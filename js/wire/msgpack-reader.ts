import { QuiverError } from '../errors.ts';
import { readKey, readText } from './text.ts';

/**
 * Reads one MessagePack value: null, booleans, numbers, strings, bytes, arrays and maps with string keys.
 *
 * @throws {QuiverError} `CORRUPT_FILE` for anything else, and for bytes that end too early.
 */
export function readValue(bytes: Uint8Array): unknown {
  return new ValueReader(bytes).read();
}

function corrupt(problem: string): QuiverError {
  return new QuiverError('CORRUPT_FILE', `A stored MessagePack value cannot be read: ${problem}`);
}

/** Reads MessagePack values that stand in the same bytes, as {@link readValue} does. */
export class ValueReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #at = 0;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
  }

  /** The value that stands between two offsets. */
  readBetween(start: number, end: number): unknown {
    this.#at = start;
    this.#end = end;
    return this.read();
  }

  read(): unknown {
    const head = this.#u8();
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 0x0f);
    if (head < 0xa0) return this.#array(head & 0x0f);
    if (head < 0xc0) return this.#text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#u8());
      case 0xc5:
        return this.#binary(this.#u16());
      case 0xc6:
        return this.#binary(this.#u32());
      case 0xca:
        return this.view.getFloat32(this.#skip(4));
      case 0xcb:
        return this.view.getFloat64(this.#skip(8));
      case 0xcc:
        return this.#u8();
      case 0xcd:
        return this.#u16();
      case 0xce:
        return this.#u32();
      case 0xcf:
        return Number(this.view.getBigUint64(this.#skip(8)));
      case 0xd0:
        return this.view.getInt8(this.#skip(1));
      case 0xd1:
        return this.view.getInt16(this.#skip(2));
      case 0xd2:
        return this.view.getInt32(this.#skip(4));
      case 0xd3:
        return Number(this.view.getBigInt64(this.#skip(8)));
      case 0xd9:
        return this.#text(this.#u8());
      case 0xda:
        return this.#text(this.#u16());
      case 0xdb:
        return this.#text(this.#u32());
      case 0xdc:
        return this.#array(this.#u16());
      case 0xdd:
        return this.#array(this.#u32());
      case 0xde:
        return this.#map(this.#u16());
      case 0xdf:
        return this.#map(this.#u32());
      default:
        throw corrupt(`the value type 0x${head.toString(16)} is not used`);
    }
  }

  #array(length: number): unknown[] {
    const result: unknown[] = [];
    for (let i = 0; i < length; i++) result.push(this.read());
    return result;
  }

  #map(size: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (let i = 0; i < size; i++) {
      const key = this.#key();
      // Assigning it would set the object's prototype.
      if (key === '__proto__') throw corrupt('a key is __proto__');
      result[key] = this.read();
    }
    return result;
  }

  #key(): string {
    const head = this.#u8();
    let length: number;
    if (head >= 0xa0 && head < 0xc0) length = head & 0x1f;
    else if (head === 0xd9) length = this.#u8();
    else if (head === 0xda) length = this.#u16();
    else if (head === 0xdb) length = this.#u32();
    else throw corrupt('a key is not a string');
    const start = this.#skip(length);
    return readKey(this.bytes, start, start + length);
  }

  #text(length: number): string {
    const start = this.#skip(length);
    return readText(this.bytes, start, start + length);
  }

  #binary(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.bytes.slice(start, start + length);
  }

  #u8(): number {
    return this.view.getUint8(this.#skip(1));
  }

  #u16(): number {
    return this.view.getUint16(this.#skip(2));
  }

  #u32(): number {
    return this.view.getUint32(this.#skip(4));
  }

  /** Where the next `length` bytes start. */
  #skip(length: number): number {
    const start = this.#at;
    if (start + length > this.#end) throw corrupt('it ends too early');
    this.#at = start + length;
    return start;
  }
}
