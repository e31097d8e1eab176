import { endianness } from 'node:os';
import type { VectorInput } from '../../index.ts';

/** How a file stores numbers. */
export interface NumberType {
  readonly bytes: 1 | 2 | 4 | 8;
  /** A vector over bytes that are in this machine's order. */
  readonly view: (buffer: ArrayBuffer, offset: number, length: number) => VectorInput;
}

/** By NumPy's names, without the byte order. */
export const numberTypes: Readonly<Record<string, NumberType>> = {
  f4: { bytes: 4, view: (buffer, at, length) => new Float32Array(buffer, at, length) },
  // Stays float64, so that the index can name a number that is beyond float32.
  f8: { bytes: 8, view: (buffer, at, length) => new Float64Array(buffer, at, length) },
  f2: { bytes: 2, view: (buffer, at, length) => fromHalves(new Uint16Array(buffer, at, length)) },
  u1: {
    bytes: 1,
    view: (buffer, at, length) => new Float32Array(new Uint8Array(buffer, at, length)),
  },
  i1: {
    bytes: 1,
    view: (buffer, at, length) => new Float32Array(new Int8Array(buffer, at, length)),
  },
};

export const hostIsLittle: boolean = endianness() === 'LE';

/** Turns numbers of `width` bytes from the other byte order into this machine's, in place. */
export function swapBytes(bytes: Buffer, width: 1 | 2 | 4 | 8): void {
  if (width === 2) bytes.swap16();
  else if (width === 4) bytes.swap32();
  else if (width === 8) bytes.swap64();
}

let halves: Float32Array | undefined;

function fromHalves(values: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfToNumber(bits));
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = halves[values[i] as number] as number;
  return result;
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
