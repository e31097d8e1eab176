import { Cursor } from './cursor.ts';
import type { OpenIndex } from './open-index.ts';
import type { FoundItem } from './types.ts';
import { packList } from './wire/requests.ts';

/** Items fetched at once: few enough that a page with long vectors is decoded in a few slices. */
const pageSize = 1000;

/** All items that match, in insertion order, page by page from one picture of the index. */
export async function* listPages<TMetadata extends object>(
  index: OpenIndex,
  filter: Uint8Array,
  includeVectors: boolean,
): AsyncGenerator<FoundItem<TMetadata>[], void, undefined> {
  const cursor = await Cursor.open<TMetadata>(index, packList(filter, includeVectors));
  try {
    for (;;) {
      const page = await cursor.next(pageSize);
      if (page.length === 0) return;
      yield page.map((result) => result.item);
    }
  } finally {
    await cursor.close();
  }
}
