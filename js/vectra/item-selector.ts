import type { MetadataFilter, MetadataTypes } from './types.ts';

type Operand = MetadataFilter[string];

/** Sums in order, with one accumulator: that is how Vectra's scores come about, to the last bit. */
function dotProduct(a: readonly number[], b: readonly number[]): number {
  const shared = Math.min(a.length, b.length);
  let sum = 0;
  for (let i = 0; i < shared; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Whether a text in `list` has `value` inside: what Vectra's `$in` and `$nin` ask. */
const isInsideText = (value: MetadataTypes, list: readonly Operand[]): boolean =>
  list.some((entry) => typeof entry === 'string' && entry.includes(String(value)));

const numbers =
  (holds: (value: number, operand: number) => boolean) =>
  (value: MetadataTypes, operand: Operand): boolean =>
    typeof value === 'number' && holds(value, operand as number);

/** Negated tests, so that an operand that is no number refuses nothing, as in Vectra. */
const operators = new Map<string, (value: MetadataTypes, operand: Operand) => boolean>([
  ['$eq', (value, operand) => value === operand],
  ['$ne', (value, operand) => value !== operand],
  ['$gt', numbers((value, operand) => !(value <= operand))],
  ['$gte', numbers((value, operand) => !(value < operand))],
  ['$lt', numbers((value, operand) => !(value >= operand))],
  ['$lte', numbers((value, operand) => !(value > operand))],
  [
    '$in',
    (value, operand) => {
      const list = operand as readonly Operand[];
      if (typeof value === 'boolean') return false;
      if (typeof value === 'string' && !list.includes(value)) return false;
      return isInsideText(value, list);
    },
  ],
  [
    '$nin',
    (value, operand) => {
      const list = operand as readonly Operand[];
      if (typeof value === 'boolean') return false;
      return !(typeof value === 'string' && list.includes(value)) && !isInsideText(value, list);
    },
  ],
]);

/** Vectra's arithmetic and its filters, with their quirks: docs/vectra.md has the list. */
// biome-ignore lint/complexity/noStaticOnlyClass: the class is Vectra's API
export class ItemSelector {
  /** The cosine of what both vectors have; NaN when one of them has no length. */
  static cosineSimilarity(vector1: number[], vector2: number[]): number {
    const shared = Math.min(vector1.length, vector2.length);
    const [a, b] = [vector1.slice(0, shared), vector2.slice(0, shared)];
    return ItemSelector.normalizedCosineSimilarity(
      a,
      ItemSelector.normalize(a),
      b,
      ItemSelector.normalize(b),
    );
  }

  /** The vector's length. (It changes nothing, whatever its name says.) */
  static normalize(vector: number[]): number {
    let sum = 0;
    for (let i = 0; i < vector.length; i++) sum += (vector[i] as number) * (vector[i] as number);
    return Math.sqrt(sum);
  }

  /** The cosine of two vectors whose lengths are known; NaN when one is 0. */
  static normalizedCosineSimilarity(
    vector1: number[],
    norm1: number,
    vector2: number[],
    norm2: number,
  ): number {
    if (norm1 === 0 || norm2 === 0) return Number.NaN;
    return dotProduct(vector1, vector2) / (norm1 * norm2);
  }

  /** Whether the metadata match. Fields side by side must all match; `$and` and `$or` nest. */
  static select(
    metadata: Record<string, MetadataTypes>,
    filter: MetadataFilter | null | undefined,
  ): boolean {
    if (filter === null || filter === undefined) return true;
    for (const key in filter) {
      const wanted = filter[key];
      if (key === '$and') {
        const all = wanted as MetadataFilter[];
        if (!all.every((part) => ItemSelector.select(metadata, part))) return false;
      } else if (key === '$or') {
        const any = wanted as MetadataFilter[];
        if (!any.some((part) => ItemSelector.select(metadata, part))) return false;
      } else if (!matches(metadata[key], wanted)) {
        return false;
      }
    }
    return true;
  }
}

function matches(value: MetadataTypes | null | undefined, wanted: Operand): boolean {
  if (wanted === null || wanted === undefined) return false;
  if (typeof wanted !== 'object') return value === wanted;
  if (value === null || value === undefined) return false;
  const conditions = wanted as MetadataFilter;
  for (const name in conditions) {
    const holds = operators.get(name);
    // An operator that there is not compares for equality, and nothing after it counts.
    if (holds === undefined) return value === conditions[name];
    if (!holds(value, conditions[name])) return false;
  }
  return true;
}
