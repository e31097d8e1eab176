/** A member of the object, or an element of the one array that is read element by element. */
export type JsonPart =
  | { readonly kind: 'member'; readonly name: string; readonly value: unknown }
  | JsonElement;

export interface JsonElement {
  readonly kind: 'element';
  /** Its number in the array. */
  readonly at: number;
  readonly value: unknown;
  /** Where its bytes are, from the start of the text, and where the comma before it is: -1 for the first. */
  readonly start: number;
  readonly end: number;
  readonly comma: number;
}

/** More than any item needs. */
const maxValueBytes = 64 << 20;

type Expecting =
  | 'object'
  | 'key or end'
  | 'key'
  | 'colon'
  | 'value'
  | 'comma or end'
  | 'element or end'
  | 'element'
  | 'comma or end of array'
  | 'nothing';

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const byteOrderMark = [0xef, 0xbb, 0xbf];
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes a text that is one JSON object and gives its members, but the elements of the member `array` one by one, so that
 * the text may be longer than any string. It finds where values begin and end, and leaves what they mean to JSON.parse:
 * what it accepts is JSON. What is wrong with a text is said by the error that `corrupt` makes.
 */
export class JsonSplitter {
  readonly #corrupt: (problem: string) => Error;
  readonly #array: string;
  readonly #limit: number;
  #expecting: Expecting = 'object';
  #key = '';
  #elements = 0;
  #seenArray = false;
  #before = 0;
  #markBytes = 0;
  #comma = -1;
  #start = 0;
  #arrayEnd = -1;
  // The value that is being read, if one is: the pieces of earlier chunks, and where in its grammar it is.
  #inValue = false;
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(array: string, corrupt: (problem: string) => Error, limit: number = maxValueBytes) {
    this.#corrupt = corrupt;
    this.#array = array;
    this.#limit = limit;
  }

  /** Where the array's closing bracket is, from the start of the text; -1 before it was read. */
  get arrayEnd(): number {
    return this.#arrayEnd;
  }

  /** The next bytes of the text. They must not change while a value of theirs is incomplete. */
  *feed(chunk: Uint8Array): Generator<JsonPart, void, undefined> {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#inValue) {
        const byte = chunk[at] as number;
        if (isSpace(byte)) at++;
        else if (this.#punctuation(byte, this.#before + at)) at++;
        else {
          this.#inValue = true;
          this.#start = this.#before + at;
        }
        continue;
      }
      const end = this.#endOfValue(chunk, at);
      const piece = chunk.subarray(at, end < 0 ? chunk.length : end);
      this.#pieces.push(piece);
      this.#piecesBytes += piece.length;
      if (this.#piecesBytes > this.#limit)
        throw this.#corrupt(`${this.#what()} has more than ${this.#limit} bytes`);
      if (end < 0) break;
      at = end;
      const part = this.#finishValue(this.#before + at);
      if (part !== undefined) yield part;
    }
    this.#before += chunk.length;
  }

  /** The text has ended. */
  end(): void {
    if (this.#expecting !== 'nothing') throw this.#corrupt(`it ends in ${this.#what()}`);
    if (!this.#seenArray) throw this.#corrupt(`it has no ${JSON.stringify(this.#array)}`);
  }

  /** Takes a byte between values; false when a value begins with it. */
  #punctuation(byte: number, offset: number): boolean {
    const expecting = this.#expecting;
    switch (expecting) {
      case 'object':
        if (byte === byteOrderMark[this.#markBytes] && this.#markBytes === offset) {
          this.#markBytes++;
          return true;
        }
        if (byte === openBrace && this.#markBytes % byteOrderMark.length === 0)
          return this.#next('key or end');
        break;
      case 'key or end':
      case 'key':
        if (byte === quote) return false;
        if (byte === closeBrace && expecting === 'key or end') return this.#next('nothing');
        break;
      case 'colon':
        if (byte === colon) return this.#next('value');
        break;
      case 'value':
        if (this.#key !== this.#array) return false;
        if (this.#seenArray) throw this.#corrupt(`it has ${JSON.stringify(this.#key)} twice`);
        if (byte !== openBracket) throw this.#corrupt(`${JSON.stringify(this.#key)} is no array`);
        this.#seenArray = true;
        return this.#next('element or end');
      case 'comma or end':
        if (byte === comma) return this.#next('key');
        if (byte === closeBrace) return this.#next('nothing');
        break;
      case 'element or end':
        if (byte === closeBracket) return this.#endArray(offset);
        return false;
      case 'element':
        return false;
      case 'comma or end of array':
        if (byte === comma) {
          this.#comma = offset;
          return this.#next('element');
        }
        if (byte === closeBracket) return this.#endArray(offset);
        break;
      case 'nothing':
        break;
    }
    throw this.#corrupt(
      `it is no JSON object: expected ${expecting}, got ${JSON.stringify(String.fromCharCode(byte))} at byte ${offset}`,
    );
  }

  #endArray(offset: number): true {
    this.#arrayEnd = offset;
    return this.#next('comma or end');
  }

  #next(expecting: Expecting): true {
    this.#expecting = expecting;
    return true;
  }

  /** Where the value that goes on at `at` ends, -1 when not in this chunk. */
  #endOfValue(chunk: Uint8Array, at: number): number {
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    let end = -1;
    for (let i = at; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) {
          inString = false;
          if (depth === 0) {
            end = i + 1;
            break;
          }
        }
      } else if (byte === quote) {
        inString = true;
      } else if (byte === openBrace || byte === openBracket) {
        depth++;
      } else if (byte === closeBrace || byte === closeBracket) {
        // At depth 0 it belongs to what the value stands in.
        if (depth === 0) {
          end = i;
          break;
        }
        depth--;
        if (depth === 0) {
          end = i + 1;
          break;
        }
      } else if (depth === 0 && (byte === comma || isSpace(byte))) {
        end = i;
        break;
      }
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    return end;
  }

  #finishValue(end: number): JsonPart | undefined {
    const value = this.#parse(this.#joined());
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.#inValue = false;
    switch (this.#expecting) {
      case 'key or end':
      case 'key':
        this.#key = value as string;
        this.#expecting = 'colon';
        return undefined;
      case 'value':
        this.#expecting = 'comma or end';
        return { kind: 'member', name: this.#key, value };
      default:
        this.#expecting = 'comma or end of array';
        return {
          kind: 'element',
          at: this.#elements++,
          value,
          start: this.#start,
          end,
          comma: this.#comma,
        };
    }
  }

  #joined(): Uint8Array {
    if (this.#pieces.length === 1) return this.#pieces[0] as Uint8Array;
    const whole = new Uint8Array(this.#piecesBytes);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  #parse(bytes: Uint8Array): unknown {
    try {
      return JSON.parse(decoder.decode(bytes));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw this.#corrupt(`${this.#what()} is no JSON: ${why}`);
    }
  }

  /** What is being read, for messages. */
  #what(): string {
    switch (this.#expecting) {
      case 'value':
        return JSON.stringify(this.#key);
      case 'element':
      case 'element or end':
        return `item ${this.#elements}`;
      case 'comma or end of array':
        return `the list of items, after ${this.#elements}`;
      default:
        return 'the outermost object';
    }
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
