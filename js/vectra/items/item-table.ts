import type { IndexItem } from '../types.ts';
import type { Entry } from './entry.ts';
import { VectorRows } from './vector-rows.ts';

/** What a transaction does to a table, each item once. */
export interface Changes {
  readonly removed: readonly Entry[];
  readonly replaced: readonly { readonly entry: Entry; readonly item: IndexItem }[];
  /** Not in the table yet. */
  readonly added: readonly Entry[];
}

/** The committed items, in the order of their insertion. */
export class ItemTable {
  #entries: Entry[] = [];
  readonly #byId = new Map<string, Entry>();
  /** Items whose id an earlier one has: only a file that something else wrote can have them. */
  #repeated = 0;
  #nextOrder = 0;
  #rows: VectorRows | undefined;

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** The first item with this id. */
  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** All items with this id: more than one only in a file that something else wrote. */
  all(id: string): Entry[] {
    const first = this.#byId.get(id);
    if (first === undefined) return [];
    return this.#repeated === 0 ? [first] : this.#entries.filter(({ item }) => item.id === id);
  }

  /** The vectors, ready for searches. Made when they are first asked for, and kept in step from then on. */
  get rows(): VectorRows {
    if (this.#rows === undefined || this.#rows.isOutdated)
      this.#rows = new VectorRows(this.#entries);
    return this.#rows;
  }

  add(entry: Entry): void {
    entry.order = this.#nextOrder++;
    this.#entries.push(entry);
    if (this.#byId.has(entry.item.id)) this.#repeated++;
    else this.#byId.set(entry.item.id, entry);
    this.#rows?.add(entry);
  }

  apply({ removed, replaced, added }: Changes): void {
    for (const entry of removed) this.#rows?.remove(entry);
    if (removed.length > 0) this.#drop(new Set(removed));
    for (const { entry, item } of replaced) {
      this.#rows?.remove(entry);
      entry.item = item;
      this.#rows?.add(entry);
    }
    for (const entry of added) this.add(entry);
  }

  /** The items as they will be. */
  *after({ removed, replaced, added }: Changes): Generator<IndexItem, void, undefined> {
    const gone = new Set(removed);
    const instead = new Map(replaced.map(({ entry, item }) => [entry, item]));
    for (const entry of this.#entries) if (!gone.has(entry)) yield instead.get(entry) ?? entry.item;
    for (const { item } of added) yield item;
  }

  #drop(gone: ReadonlySet<Entry>): void {
    if (gone.size === 1) {
      const [entry] = gone;
      this.#entries.splice(this.#entries.indexOf(entry as Entry), 1);
    } else {
      this.#entries = this.#entries.filter((entry) => !gone.has(entry));
    }
    for (const { item } of gone) this.#byId.delete(item.id);
    if (this.#repeated > 0) this.#index();
  }

  #index(): void {
    this.#byId.clear();
    this.#repeated = 0;
    for (const entry of this.#entries) {
      if (this.#byId.has(entry.item.id)) this.#repeated++;
      else this.#byId.set(entry.item.id, entry);
    }
  }
}
