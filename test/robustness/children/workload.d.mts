export const dimensions: number;
export interface Item {
  readonly id: string;
  readonly vector: Float32Array;
  readonly metadata: { readonly revision: number; readonly text: string };
}
export interface Step {
  readonly kind: 'insert' | 'upsert' | 'delete';
  readonly items?: readonly Item[] | undefined;
  readonly ids?: readonly string[];
}
export class Workload {
  constructor(seed: number);
  readonly items: ReadonlyMap<string, Item>;
  next(): Step[];
}
export function carryOut(index: unknown, steps: readonly Step[]): Promise<void>;
