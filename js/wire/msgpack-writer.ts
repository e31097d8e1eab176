import { describe } from '../errors.ts';
import type { ByteWriter } from './byte-writer.ts';

/** Arrays and objects within each other, the outermost included. */
const maxDepth = 32;

/** Refuses a value: `path` is where it stands, such as `tags[2].name`, empty for the value itself. */
export type Refuse = (path: string, problem: string) => Error;

/** How a value that is `undefined` within an object is taken. */
export type UndefinedProperties = 'skip' | 'refuse';

/**
 * Writes a value as MessagePack and checks it in the same pass: strings, finite numbers, booleans, null, arrays and
 * plain objects. What it writes decodes to an equal value, -0 included.
 */
export function writeValue(
  writer: ByteWriter,
  value: unknown,
  properties: UndefinedProperties,
  refuse: Refuse,
): void {
  new ValueWriter(writer, properties, refuse).write(value, 0);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Another realm's Object.prototype is none of ours, but nothing stands above it either.
  return (
    prototype === Object.prototype ||
    prototype === null ||
    Object.getPrototypeOf(prototype) === null
  );
}

class ValueWriter {
  readonly #writer: ByteWriter;
  readonly #properties: UndefinedProperties;
  readonly #refuse: Refuse;
  readonly #path: (string | number)[] = [];

  constructor(writer: ByteWriter, properties: UndefinedProperties, refuse: Refuse) {
    this.#writer = writer;
    this.#properties = properties;
    this.#refuse = refuse;
  }

  write(value: unknown, depth: number): void {
    if (typeof value === 'string') this.#text(value, depth);
    else if (typeof value === 'number') this.#number(value, depth);
    else if (typeof value === 'boolean') this.#writer.u8(value ? 0xc3 : 0xc2);
    else if (value === null) this.#writer.u8(0xc0);
    else if (Array.isArray(value)) this.#array(value, depth);
    else if (typeof value === 'object') this.#object(value, depth);
    else throw this.#error(depth, `${describe(value)} cannot be stored`);
  }

  #number(value: number, depth: number): void {
    const writer = this.#writer;
    // -0 is a float here: the whole numbers have none.
    const whole = Number.isInteger(value) && !Object.is(value, -0);
    if (whole && value >= 0 && value <= 0xffffffff) {
      this.#unsigned(value);
    } else if (whole && value < 0 && value >= -0x80000000) {
      this.#negative(value);
    } else if (Number.isFinite(value)) {
      writer.u8(0xcb);
      writer.f64(value);
    } else {
      throw this.#error(depth, `${value} is not a finite number`);
    }
  }

  #unsigned(value: number): void {
    const writer = this.#writer;
    if (value < 0x80) {
      writer.u8(value);
    } else if (value <= 0xff) {
      writer.u8(0xcc);
      writer.u8(value);
    } else if (value <= 0xffff) {
      writer.u8(0xcd);
      writer.u16(value);
    } else {
      writer.u8(0xce);
      writer.u32(value);
    }
  }

  #negative(value: number): void {
    const writer = this.#writer;
    if (value >= -0x20) {
      writer.u8(value + 0x100);
    } else if (value >= -0x80) {
      writer.u8(0xd0);
      writer.u8(value + 0x100);
    } else if (value >= -0x8000) {
      writer.u8(0xd1);
      writer.u16(value + 0x10000);
    } else {
      writer.u8(0xd2);
      writer.u32(value + 0x100000000);
    }
  }

  #text(value: string, depth: number): void {
    const writer = this.#writer;
    const header = writer.size;
    // The length in bytes is known afterwards; its width must hold the most it can be.
    const most = value.length * 3;
    const width = most < 32 ? 1 : most <= 0xff ? 2 : most <= 0xffff ? 3 : 5;
    for (let i = 0; i < width; i++) writer.u8(0);
    const length = writer.text(value);
    if (length < 0)
      throw this.#error(depth, 'the text has half of a surrogate pair, which UTF-8 cannot hold');
    writer.patch(header, () => {
      if (width === 1) writer.u8(0xa0 | length);
      else writer.u8(width === 2 ? 0xd9 : width === 3 ? 0xda : 0xdb);
      if (width === 2) writer.u8(length);
      else if (width === 3) writer.u16(length);
      else if (width === 5) writer.u32(length);
    });
  }

  #array(value: readonly unknown[], depth: number): void {
    this.#checkDepth(depth);
    this.#count(0x90, 0xdc, value.length, value.length);
    for (let i = 0; i < value.length; i++) {
      this.#path[depth] = i;
      this.write(value[i], depth + 1);
    }
  }

  #object(value: object, depth: number): void {
    this.#checkDepth(depth);
    if (!isPlainObject(value)) {
      throw this.#error(
        depth,
        `${describe(value)} cannot be stored; convert it to a plain value first${hintFor(value)}`,
      );
    }
    const keys = Object.keys(value);
    const header = this.#writer.size;
    this.#count(0x80, 0xde, keys.length, keys.length);
    let written = 0;
    for (const key of keys) {
      const property = value[key];
      this.#path[depth] = key;
      if (property === undefined && this.#properties === 'skip') continue;
      if (key === '__proto__')
        throw this.#error(depth + 1, 'a property of this name cannot be stored');
      this.#text(key, depth + 1);
      this.write(property, depth + 1);
      written++;
    }
    if (written < keys.length) {
      this.#writer.patch(header, () => this.#count(0x80, 0xde, keys.length, written));
    }
  }

  /** The head of an array or a map, in the form that holds `most`. */
  #count(fix: number, wide: number, most: number, count: number): void {
    const writer = this.#writer;
    if (most < 16) {
      writer.u8(fix | count);
    } else if (most <= 0xffff) {
      writer.u8(wide);
      writer.u16(count);
    } else {
      writer.u8(wide + 1);
      writer.u32(count);
    }
  }

  #checkDepth(depth: number): void {
    if (depth < maxDepth) return;
    throw this.#error(depth, `it is nested deeper than ${maxDepth} levels, or contains itself`);
  }

  #error(depth: number, problem: string): Error {
    let path = '';
    for (const part of this.#path.slice(0, depth)) {
      if (typeof part === 'number') path += `[${part}]`;
      else path += path === '' ? part : `.${part}`;
    }
    return this.#refuse(path, problem);
  }
}

function hintFor(value: object): string {
  switch (Object.prototype.toString.call(value)) {
    case '[object Date]':
      return ' (a Date with toISOString() or getTime())';
    case '[object Map]':
      return ' (a Map with Object.fromEntries())';
    case '[object Set]':
      return ' (a Set with Array.from())';
    default:
      return ArrayBuffer.isView(value) ? ' (a typed array with Array.from())' : '';
  }
}
