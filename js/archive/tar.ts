import { QuiverError } from '../errors.ts';

// The ustar format of POSIX: each file is a header of 512 bytes and its bytes, with zeros up to a multiple of 512; at the end
// stand two blocks of zeros. Nothing of a header but name, size, kind and checksum is used.

const blockBytes = 512;
/** What skipped entries (extended headers) may have. */
const longestSkipped = 1 << 20;

/** Zeros at the end that are read on, so that a download is seen to be complete: tar fills its last record. */
const longestEnd = 1 << 16;

export interface TarEntry {
  readonly name: string;
  readonly size: number;
  /** Its bytes, to be read before the next entry is asked for. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export function tarHeader(name: string, size: number): Uint8Array {
  const block = new Uint8Array(blockBytes);
  const put = (at: number, text: string): void => block.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  if (size < 8 ** 11) put(124, `${size.toString(8).padStart(11, '0')}\0`);
  else putLarge(block.subarray(124, 136), size);
  put(136, '00000000000\0');
  put(156, '0');
  put(257, 'ustar\x0000');
  put(148, `${checksum(block).toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** How many zeros follow a file of that size. */
export function tarPadding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

export const tarEnd: Uint8Array = new Uint8Array(2 * blockBytes);

/**
 * The files of an archive, one after the other. Folders and extended headers are left out.
 *
 * @throws {QuiverError} `CORRUPT_FILE`
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const input = new Input(chunks);
  try {
    for (;;) {
      const header = await input.exactly(blockBytes);
      if (header.every((byte) => byte === 0)) {
        await input.skip(longestEnd);
        return;
      }
      const { name, size, kind } = parseHeader(header);
      if (kind === 'file') {
        let left = size;
        const bytes = async function* (): AsyncGenerator<Uint8Array> {
          while (left > 0) {
            const piece = await input.some(left);
            left -= piece.length;
            yield piece;
          }
        };
        yield { name, size, bytes: bytes() };
        while (left > 0) left -= (await input.some(left)).length;
      } else {
        if (size > longestSkipped) throw corrupt(`${name} is too large for what it is`);
        await input.exactly(size);
      }
      await input.exactly(tarPadding(size));
    }
  } finally {
    await input.end();
  }
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly kind: 'file' | 'skipped';
}

function parseHeader(block: Uint8Array): Header {
  const sum = Number.parseInt(text(block, 148, 8), 8);
  if (sum !== checksum(block)) throw corrupt('a header is damaged');
  const prefix = text(block, 257, 5) === 'ustar' ? text(block, 345, 155) : '';
  const name = `${prefix === '' ? '' : `${prefix}/`}${text(block, 0, 100)}`;
  const type = text(block, 156, 1);
  const kind = type === '' || type === '0' ? 'file' : 'xg5'.includes(type) ? 'skipped' : undefined;
  if (kind === undefined) throw corrupt(`${name} is neither a file nor a folder`);
  return { name, size: sizeOf(block.subarray(124, 136), name), kind };
}

function sizeOf(field: Uint8Array, name: string): number {
  let size = 0;
  if (((field[0] as number) & 0x80) !== 0) {
    for (const [i, byte] of field.entries()) size = size * 256 + (i === 0 ? byte & 0x7f : byte);
  } else {
    const digits = text(field, 0, 12).trim();
    size = /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  }
  if (!Number.isSafeInteger(size)) throw corrupt(`the size of ${name} is none`);
  return size;
}

/** GNU's form of sizes that eleven octal digits are not enough for. */
function putLarge(field: Uint8Array, size: number): void {
  for (let i = field.length - 1, rest = size; i > 0; i--, rest = Math.floor(rest / 256))
    field[i] = rest % 256;
  field[0] = 0x80;
}

function checksum(block: Uint8Array): number {
  const blank = block.slice();
  blank.fill(0x20, 148, 156);
  return blank.reduce((total, byte) => total + byte, 0);
}

function text(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end));
}

/** Chunks of any length as pieces of those that are asked for. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** At least one byte, and at most so many. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) throw corrupt('it is cut off');
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** For small pieces. */
  async exactly(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size; ) {
      const piece = await this.some(size - done);
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes;
  }

  /** What is left, but not much more than `most`. */
  async skip(most: number): Promise<void> {
    for (let left = most; left > 0; ) {
      const next = await this.#chunks.next();
      if (next.done === true) return;
      left -= next.value.length;
    }
  }

  async end(): Promise<void> {
    await this.#chunks.return?.();
  }
}

function corrupt(problem: string): QuiverError {
  return new QuiverError('CORRUPT_FILE', `The archive cannot be used: ${problem}`);
}
