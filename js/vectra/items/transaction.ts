import type { IndexItem } from '../types.ts';
import { type Changes, type Entry, type ItemTable, newEntry } from './item-table.ts';

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

  /** @throws when there is an item with this id */
  insert(item: IndexItem): IndexItem {
    if (this.get(item.id) !== undefined) throw new Error(`Item with id ${item.id} already exists`);
    // One that was deleted before does not give its place.
    this.#staged.delete(item.id);
    this.#staged.set(item.id, { item, replaces: undefined });
    return item;
  }

  upsert(item: IndexItem): IndexItem {
    const before = this.get(item.id);
    if (before === undefined) return this.insert(item);
    const updated = { ...before, ...item };
    if (item.metadataFile === undefined) delete updated.metadataFile;
    const staged = this.#staged.get(item.id);
    const replaces = staged === undefined ? this.#table.get(item.id) : staged.replaces;
    this.#staged.set(item.id, { item: updated, replaces });
    return updated;
  }

  /** An id that there is not is passed over. */
  delete(id: string): void {
    if (this.get(id) === undefined) return;
    this.#staged.delete(id);
    if (this.#table.get(id) !== undefined)
      this.#staged.set(id, { item: undefined, replaces: undefined });
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
