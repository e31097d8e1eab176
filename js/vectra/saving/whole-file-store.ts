import type { IndexCodec } from '../codec/index-codec.ts';
import { newEntry } from '../items/entry.ts';
import { ItemTable } from '../items/item-table.ts';
import type { FileStorage } from '../storage/file-storage.ts';
import type { Commit, Contents, Store } from './store.ts';

/** An index in a storage that only knows whole files: it is read once, and every commit writes all of it. */
export class WholeFileStore implements Store {
  readonly takesFiles = false;
  readonly #storage: FileStorage;
  readonly #path: string;
  readonly #codec: IndexCodec;
  #contents: Contents | undefined;

  constructor(storage: FileStorage, path: string, codec: IndexCodec) {
    this.#storage = storage;
    this.#path = path;
    this.#codec = codec;
  }

  async contents(): Promise<Contents> {
    this.#contents ??= await this.#read();
    return this.#contents;
  }

  async commit(prepare: (contents: Contents) => Promise<Commit>): Promise<void> {
    const contents = await this.contents();
    const { changes } = await prepare(contents);
    const { version, metadata_config, table } = contents;
    const items = [...table.after(changes)];
    await this.#storage.upsertFile(
      this.#path,
      this.#codec.serializeIndex({ version, metadata_config, items }),
    );
    table.apply(changes);
  }

  get known(): Contents | undefined {
    return this.#contents;
  }

  async sync(): Promise<void> {
    // What its caller does is done.
  }

  forget(): void {
    this.#contents = undefined;
  }

  async #read(): Promise<Contents> {
    if (!(await this.#storage.pathExists(this.#path))) throw new Error('Index does not exist');
    const { version, metadata_config, items } = this.#codec.deserializeIndex(
      await this.#storage.readFile(this.#path),
    );
    const table = new ItemTable();
    for (const item of items) table.add(newEntry(item));
    return { version, metadata_config, table };
  }
}
