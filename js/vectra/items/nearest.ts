import { ItemSelector } from '../item-selector.ts';
import type { Entry } from './entry.ts';
import type { ItemTable } from './item-table.ts';

export interface Scored {
  readonly entry: Entry;
  readonly score: number;
}

/**
 * The `topK` items, of `among` or of all, of the best cosine, as Vectra computes it, best first and the earlier inserted first among equals. Items
 * without a direction have the score NaN and come last. Vectra compares every item; here a pass over float32 finds those
 * that can be among the best, and only they are computed exactly.
 */
export function nearest(
  table: ItemTable,
  query: number[],
  topK: number,
  among: readonly Entry[] | undefined,
): Scored[] {
  const k = Math.min(topK, (among ?? table.entries).length);
  if (!(k > 0)) return [];
  const norm = ItemSelector.normalize(query);
  const { rows } = table;
  const isDirection = norm > 1e-150 && norm < 1e150;
  const candidates =
    isDirection && rows.fits(query)
      ? rows.candidates(query, norm, k, among)
      : (among ?? table.entries);
  return candidates
    .map((entry) => ({
      entry,
      score: ItemSelector.normalizedCosineSimilarity(
        query,
        norm,
        entry.item.vector,
        entry.item.norm,
      ),
    }))
    .sort(bestFirst)
    .slice(0, k);
}

function bestFirst(a: Scored, b: Scored): number {
  const [aIsNaN, bIsNaN] = [Number.isNaN(a.score), Number.isNaN(b.score)];
  if (aIsNaN !== bIsNaN) return aIsNaN ? 1 : -1;
  return (aIsNaN ? 0 : b.score - a.score) || a.entry.order - b.entry.order;
}
