import { describe, QuiverError } from '../errors.ts';

/** What a message calls the vector, and what the error's details hold. */
export interface VectorName {
  /** Such as `item 3 (id "a")` or `the query`. */
  readonly text: string;
  readonly item?: number;
  readonly id?: string;
}

const numeric = /^\[object (?:Float(?:16|32|64)|Int(?:8|16|32)|Uint(?:8|8Clamped|16|32))Array\]$/;

/**
 * The length of a vector.
 *
 * @throws {QuiverError} `INVALID_VECTOR` for anything but a typed array of numbers or an array, or for an empty one.
 */
export function vectorLength(vector: unknown, name: () => VectorName): number {
  if (!isNumeric(vector)) {
    const { text, ...details } = name();
    const what = `Expected a Float32Array or an array of numbers for the vector of ${text}`;
    throw new QuiverError('INVALID_VECTOR', `${what}, got ${describe(vector)}`, details);
  }
  if (vector.length === 0) {
    const { text, ...details } = name();
    throw new QuiverError('INVALID_VECTOR', `The vector of ${text} is empty`, details);
  }
  return vector.length;
}

function isNumeric(vector: unknown): vector is ArrayLike<number> {
  if (vector instanceof Float32Array || Array.isArray(vector)) return true;
  // The class of another realm is another class: its name tells.
  return ArrayBuffer.isView(vector) && numeric.test(Object.prototype.toString.call(vector));
}

export function dimensionMismatch(name: VectorName, expected: number, actual: number): QuiverError {
  const { text, ...details } = name;
  return new QuiverError(
    'DIMENSION_MISMATCH',
    `The vector of ${text} has ${actual} numbers, expected ${expected}`,
    { ...details, expected, actual },
  );
}

/**
 * Copies a vector of the right length to `into` at `offset`.
 *
 * @throws {QuiverError} `INVALID_VECTOR` for an element that is no number, or none that float32 can hold.
 */
export function copyVector(
  vector: ArrayLike<number>,
  into: Float32Array,
  offset: number,
  name: () => VectorName,
): void {
  const length = vector.length;
  if (Array.isArray(vector)) {
    for (let i = 0; i < length; i++) {
      const value: unknown = vector[i];
      if (typeof value !== 'number') throw badElement(vector, i, name());
      into[offset + i] = value;
    }
  } else {
    into.set(vector, offset);
  }
  // Anything times 0 is 0, but for NaN and the infinities: one comparison for the whole vector.
  // Four sums, because each addition waits for the one before it.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const end = offset + length;
  let i = offset;
  for (; i + 4 <= end; i += 4) {
    a += (into[i] as number) * 0;
    b += (into[i + 1] as number) * 0;
    c += (into[i + 2] as number) * 0;
    d += (into[i + 3] as number) * 0;
  }
  for (; i < end; i++) a += (into[i] as number) * 0;
  if (a + b + c + d === 0) return;
  for (let i = 0; i < length; i++)
    if (!Number.isFinite(into[offset + i])) throw badElement(vector, i, name());
}

function badElement(vector: ArrayLike<unknown>, at: number, name: VectorName): QuiverError {
  const { text, ...details } = name;
  const value = vector[at];
  const tooLarge = typeof value === 'number' && Number.isFinite(value);
  const problem = tooLarge ? `${value}, which is beyond float32` : describe(value);
  return new QuiverError(
    'INVALID_VECTOR',
    `The vector of ${text} has ${problem} at position ${at}, expected a finite number`,
    { ...details, path: `vector[${at}]` },
  );
}
