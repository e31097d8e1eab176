import type { Place } from '../saving/place.ts';
import type { IndexItem } from '../types.ts';

/** An item of the index. The object stays while the item is replaced; what it held is never changed. */
export interface Entry {
  item: IndexItem;
  /** Rises from item to item in the order in which they were inserted. */
  order: number;
  /** Its row in the table's {@link VectorRows}. */
  row: number;
  /** Where it is in the index file, when that is changed in place. */
  place: Place | undefined;
}

export const newEntry = (item: IndexItem): Entry => ({
  item,
  order: 0,
  row: -1,
  place: undefined,
});
