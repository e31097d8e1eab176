import type { IndexItem } from '../types.ts';
import { type Entry, newEntry } from './entry.ts';
import type { Changes, ItemTable } from './item-table.ts';

/** What becomes of an id: without an item it is deleted. */
interface Staged {
  readonly item: IndexItem | undefined;
  /** The committed item whose place in the order this one keeps. */
  readonly replaces: Entry | undefined;
}

/** Changes to a table that are not made yet. */
export class Transaction {
  readonly #table: ItemTable;
  /** In the order in which new items will be inserted. */
  readonly #staged = new Map<string, Staged>();

  constructor(table: ItemTable) {
    this.#table = table;
  }

  get(id: string): IndexItem | undefined {
    const staged = this.#staged.get(id);
    return staged === undefined ? this.#table.get(id)?.item : staged.item;
  }

  /**
   * Inserts all of the items or, when it throws, none.
   *
   * @throws when there is an item with the id of one of them
   */
  insert(items: readonly IndexItem[]): IndexItem[] {
    const ids = new Set<string>();
    for (const { id } of items) {
      if (ids.has(id) || this.get(id) !== undefined)
        throw new Error(`Item with id ${id} already exists`);
      ids.add(id);
    }
    return items.map((item) => this.#add(item));
  }

  upsert(items: readonly IndexItem[]): IndexItem[] {
    return items.map((item) => {
      const before = this.get(item.id);
      return before === undefined ? this.#add(item) : this.#replace(item, before);
    });
  }

  /** An id that there is not is passed over. */
  delete(id: string): void {
    if (this.get(id) === undefined) return;
    this.#staged.delete(id);
    if (this.#table.get(id) !== undefined)
      this.#staged.set(id, { item: undefined, replaces: undefined });
  }

  #add(item: IndexItem): IndexItem {
    // One that was deleted before does not give its place.
    this.#staged.delete(item.id);
    this.#staged.set(item.id, { item, replaces: undefined });
    return item;
  }

  #replace(item: IndexItem, before: IndexItem): IndexItem {
    const updated = { ...before, ...item };
    if (item.metadataFile === undefined) delete updated.metadataFile;
    const staged = this.#staged.get(item.id);
    const replaces = staged === undefined ? this.#table.get(item.id) : staged.replaces;
    this.#staged.set(item.id, { item: updated, replaces });
    return updated;
  }

  get changes(): Changes {
    const removed: Entry[] = [];
    const replaced: { entry: Entry; item: IndexItem }[] = [];
    const added: Entry[] = [];
    for (const [id, { item, replaces }] of this.#staged) {
      if (item !== undefined && replaces !== undefined) {
        replaced.push({ entry: replaces, item });
        continue;
      }
      removed.push(...this.#table.all(id));
      if (item !== undefined) added.push(newEntry(item));
    }
    return { removed, replaced, added };
  }
}
