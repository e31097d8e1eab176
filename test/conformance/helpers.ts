import { QuiverError } from '../../js/errors.ts';

/** The QuiverError that a call throws or rejects with. */
export async function errorOf(call: () => unknown): Promise<QuiverError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof QuiverError) return error;
    throw new Error(`Expected a QuiverError, got ${String(error)}`, { cause: error });
  }
  throw new Error('Expected a QuiverError, but the call succeeded');
}

/** Numbers between -1 and 1, the same for the same seed (xorshift). */
export function randomNumbers(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 0x80000000;
  };
}

export function randomVectors(count: number, dimensions: number, seed: number): Float32Array[] {
  const next = randomNumbers(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length: dimensions }, next));
}

/** What the metric `l2` gives for two vectors. */
export function l2Score(a: readonly number[], b: readonly number[]): number {
  return 0 - a.reduce((sum, x, i) => sum + (x - (b[i] as number)) ** 2, 0);
}
