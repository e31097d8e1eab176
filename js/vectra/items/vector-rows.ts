import type { Entry } from './entry.ts';

/**
 * Scores from float32 directions differ from Vectra's by less than this: rounding a direction's numbers moves each by at
 * most 2^-24 of itself, so the cosine by at most 2^-24 = 6.0e-8, and the sums in float64 by far less than the rest.
 */
const margin = 1e-7;

/** Directions (vectors of length 1) as rows of float32, for the first pass of a search. */
export class VectorRows {
  readonly #dimensions: number;
  #data: Float32Array;
  #owners: (Entry | undefined)[] = [];
  readonly #free: number[] = [];
  /** What cannot be a row: another number of dimensions, or no direction. */
  readonly #others = new Set<Entry>();
  /** How many of those have another number of dimensions. */
  #misfits = 0;

  constructor(entries: readonly Entry[]) {
    this.#dimensions = commonLength(entries);
    this.#data = new Float32Array(entries.length * this.#dimensions);
    for (const entry of entries) this.add(entry);
  }

  /** Whether most vectors have another number of dimensions by now, so that rows should be made anew. */
  get isOutdated(): boolean {
    return this.#misfits > this.#owners.length - this.#free.length;
  }

  /** Whether a query of this length is answered by rows. */
  fits(query: readonly number[]): boolean {
    return query.length === this.#dimensions && this.#owners.length > 0;
  }

  add(entry: Entry): void {
    const { vector, norm } = entry.item;
    entry.row = -1;
    const fits = vector.length === this.#dimensions && this.#dimensions > 0;
    if (!fits || !isDirection(vector, norm)) {
      this.#others.add(entry);
      if (vector.length !== this.#dimensions) this.#misfits++;
      return;
    }
    const row = this.#free.pop() ?? this.#owners.length;
    const start = row * this.#dimensions;
    if (start + this.#dimensions > this.#data.length) this.#grow();
    for (let i = 0; i < this.#dimensions; i++) this.#data[start + i] = (vector[i] as number) / norm;
    this.#owners[row] = entry;
    entry.row = row;
  }

  remove(entry: Entry): void {
    if (entry.row < 0) {
      this.#others.delete(entry);
      if (entry.item.vector.length !== this.#dimensions) this.#misfits--;
      return;
    }
    this.#owners[entry.row] = undefined;
    this.#free.push(entry.row);
    entry.row = -1;
  }

  /**
   * Entries among which the `k` best are, whatever their exact scores are: those of `among`, or of all. Those that are no
   * rows are always in it.
   */
  candidates(
    query: readonly number[],
    norm: number,
    k: number,
    among: readonly Entry[] | undefined,
  ): Entry[] {
    const direction = Float64Array.from(query, (value) => value / norm);
    const data = this.#data;
    const dimensions = this.#dimensions;
    const owners = among ?? this.#owners;
    const scores = new Float64Array(owners.length).fill(Number.NaN);
    const best = new Largest(k);
    for (let i = 0; i < owners.length; i++) {
      const entry = owners[i];
      if (entry === undefined || entry.row < 0) continue;
      const score = dot(data, entry.row * dimensions, direction);
      scores[i] = score;
      best.offer(score);
    }
    const least = best.least - 2 * margin;
    const found: Entry[] = [];
    for (let i = 0; i < owners.length; i++)
      if ((scores[i] as number) >= least) found.push(owners[i] as Entry);
    const others = among === undefined ? [...this.#others] : among.filter(({ row }) => row < 0);
    return [...found, ...others];
  }

  #grow(): void {
    const rows = Math.max(64, Math.ceil(this.#owners.length * 1.5));
    const data = new Float32Array(rows * this.#dimensions);
    data.set(this.#data);
    this.#data = data;
  }
}

/** The number of dimensions that most vectors have. */
function commonLength(entries: readonly Entry[]): number {
  const counts = new Map<number, number>();
  for (const { item } of entries)
    counts.set(item.vector.length, (counts.get(item.vector.length) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? 0;
}

/** Whether the vector divided by its norm has length 1: files may say anything. */
function isDirection(vector: readonly number[], norm: number): boolean {
  if (!(norm > 1e-150 && norm < 1e150)) return false;
  let sum = 0;
  for (const value of vector) sum += (value / norm) ** 2;
  return Math.abs(sum - 1) < 1e-3;
}

/** Four sums side by side, which a processor adds at once; their order does not matter within {@link margin}. */
function dot(data: Float32Array, start: number, direction: Float64Array): number {
  const { length } = direction;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    const at = start + i;
    a += (data[at] as number) * (direction[i] as number);
    b += (data[at + 1] as number) * (direction[i + 1] as number);
    c += (data[at + 2] as number) * (direction[i + 2] as number);
    d += (data[at + 3] as number) * (direction[i + 3] as number);
  }
  for (; i < length; i++) a += (data[start + i] as number) * (direction[i] as number);
  return a + b + c + d;
}

/** The `k` largest of the numbers that were offered: a heap of them, the least on top. */
class Largest {
  readonly #limit: number;
  readonly #heap: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** -Infinity until there are `k`. */
  get least(): number {
    return this.#heap.length < this.#limit ? -Infinity : (this.#heap[0] as number);
  }

  offer(value: number): void {
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push(value);
      let at = heap.length - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if ((heap[parent] as number) <= value) break;
        heap[at] = heap[parent] as number;
        at = parent;
      }
      heap[at] = value;
    } else if (value > (heap[0] as number)) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number))
          child++;
        if ((heap[child] as number) >= value) break;
        heap[at] = heap[child] as number;
        at = child;
      }
      heap[at] = value;
    }
  }
}
