import type { LocalIndex } from '../../js/index.ts';

export function queryVectors(dimensions: number): Float32Array[];
export function hashOf(items: Iterable<{ readonly id: string }>): string;
export function describeIndex(
  index: LocalIndex,
  queries: readonly Float32Array[],
): Promise<Record<string, unknown>>;
