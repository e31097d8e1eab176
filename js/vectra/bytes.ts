// Vectra's API gives and takes Node's Buffers. Browsers have none: there it is a Uint8Array whose toString() reads UTF-8,
// which is all that code written for Vectra asks of one.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Utf8Array extends Uint8Array {
  override toString(): string {
    return decoder.decode(this);
  }
}

const hasBuffer = typeof globalThis.Buffer === 'function';

/** A copy of `content` as a Buffer. */
export function bufferOf(content: string | Uint8Array): Buffer {
  if (hasBuffer)
    return typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(content);
  const bytes = typeof content === 'string' ? encoder.encode(content) : content;
  return new Utf8Array(bytes) as unknown as Buffer;
}

/** One after the other. */
export function concatenated(pieces: readonly Uint8Array[]): Buffer {
  if (hasBuffer) return Buffer.concat(pieces);
  const whole = new Utf8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole as unknown as Buffer;
}

/** What the bytes say, in UTF-8. `bytes` may be a text already: a stubbed `readFile` gives one. */
export const textOf = (bytes: Uint8Array | string): string =>
  typeof bytes === 'string' ? bytes : decoder.decode(bytes);
