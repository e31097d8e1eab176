import type { InputFile } from './input.ts';

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its line feed, or carriage return and line feed. */
  readonly text: string;
}

/** More than any item needs; a file without line feeds must not fill the memory. */
export const maxLineBytes: number = 64 << 20;

const lineFeed = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The lines of a UTF-8 file. A byte-order mark at its start is no part of the first one.
 *
 * @throws {QuiverError} `CORRUPT_FILE` that names the line
 */
export async function* linesOf(
  file: InputFile,
  limit: number = maxLineBytes,
): AsyncGenerator<Line, void, undefined> {
  let number = 0;
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const finish = (end: Buffer): Line => {
    number++;
    let bytes = begunBytes === 0 ? end : Buffer.concat([...begun, end]);
    begun = [];
    begunBytes = 0;
    if (bytes.length > limit) throw tooLong(number);
    if (bytes[bytes.length - 1] === 0x0d) bytes = bytes.subarray(0, -1);
    if (number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
      bytes = bytes.subarray(3);
    return { number, text: decode(bytes) };
  };
  const tooLong = (line: number): Error =>
    file.corrupt(`line ${line} has more than ${limit} bytes`);
  const decode = (bytes: Buffer): string => {
    try {
      return decoder.decode(bytes);
    } catch {
      throw file.corrupt(`line ${number} is not UTF-8`);
    }
  };

  for await (const chunk of file.chunks()) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, start);
      if (end < 0) break;
      yield finish(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start === chunk.length) continue;
    begun.push(chunk.subarray(start));
    begunBytes += chunk.length - start;
    if (begunBytes > limit) throw tooLong(number + 1);
  }
  if (begunBytes > 0) yield finish(Buffer.alloc(0));
}
