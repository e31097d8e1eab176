import { expected } from './errors.ts';

/** Items as an array, or as something that yields them one by one. */
export type Items<T> = readonly T[] | Iterable<T> | AsyncIterable<T>;

/**
 * Cuts items into batches, asking for the next one only when the caller comes back for more.
 *
 * @throws {QuiverError} `INVALID_ARGUMENT` for what is not iterable.
 */
export async function* batchesOf<T>(
  items: Items<T>,
  size: number,
): AsyncGenerator<readonly T[], void, undefined> {
  if (Array.isArray(items)) {
    for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size) as T[];
    return;
  }
  let batch: T[] = [];
  for await (const item of checkIterable(items)) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function checkIterable<I>(items: I): I {
  const candidate = items as
    | { [Symbol.iterator]?: unknown; [Symbol.asyncIterator]?: unknown }
    | null
    | undefined;
  const iterable =
    typeof candidate === 'object' &&
    candidate !== null &&
    (typeof candidate[Symbol.iterator] === 'function' ||
      typeof candidate[Symbol.asyncIterator] === 'function');
  if (iterable && !ArrayBuffer.isView(candidate)) return items;
  throw expected('INVALID_ARGUMENT', 'an array, an iterable or an async iterable', 'items', items);
}
