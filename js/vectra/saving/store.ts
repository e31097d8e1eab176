import type { Changes, ItemTable } from '../items/item-table.ts';

/** What an index file has. */
export interface Contents {
  readonly version: number;
  readonly metadata_config: { indexed?: string[] };
  readonly table: ItemTable;
}

/** A file that is written together with the index: both or neither. */
export interface Companion {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface Commit {
  readonly changes: Changes;
  readonly files: readonly Companion[];
}

/** Keeps one index file. Its owner makes one call of {@link commit} at a time. */
export interface Store {
  /** Whether a commit's files are written, so that they belong in it. */
  readonly takesFiles: boolean;

  /**
   * What the file has: the same object as before unless somebody else wrote to it.
   *
   * @throws when there is no file, or it cannot be read
   */
  contents(): Promise<Contents>;

  /** What {@link contents} gave last. */
  readonly known: Contents | undefined;

  /** Asks `prepare` what to do, does it in the file and then in the contents; or, when it fails, in neither. */
  commit(prepare: (contents: Contents) => Promise<Commit>): Promise<void>;

  /** Waits until files beside the index are on the disk, where it can. */
  sync(names: readonly string[]): Promise<void>;

  /** Forgets what it knows of the file. */
  forget(): void;
}
