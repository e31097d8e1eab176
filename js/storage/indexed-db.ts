import { QuiverError } from '../errors.ts';
import { browserOwner } from './browser-owner.ts';
import type { FolderFs } from './host-fs.ts';
import { MemoryFs } from './memory.ts';
import { storageError, withCode } from './storage-error.ts';

// A database for each folder. `files` has {name, size} by a number that is never used again; `extents` has the bytes of
// files by [number, offset]: as files only grow, what is stored is never written again.

const version = 1;
const namePrefix = 'quiverdb:';
/** What one record has at most. */
const extentBytes = 1 << 20;

interface StoredFile {
  readonly name: string;
  readonly size: number;
}

interface Extent {
  readonly file: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What a transaction does, and what is stored after it. */
interface Changes {
  readonly extents: readonly Extent[];
  readonly changed: ReadonlyMap<number, StoredFile>;
  readonly removed: readonly number[];
  readonly after: Map<number, StoredFile>;
}

/** Opens the files of a folder, of which there may be none yet. No other worker may have them open. */
export async function attachIndexedDb(
  folder: string,
  rolledBack: (restored: Promise<void>) => void,
): Promise<FolderFs> {
  const files = new IndexedDbFolder(folder, rolledBack);
  await withCode(() => files.load());
  return files;
}

/**
 * The files of one folder in memory, and in a database by transactions: after each that completes, and after a crash, the
 * database has all of them as they were at one moment, when everything that had to be stored was in it.
 */
class IndexedDbFolder extends MemoryFs implements FolderFs {
  readonly #folder: string;
  readonly #rolledBack: (restored: Promise<void>) => void;
  #database: IDBDatabase | undefined;
  /** The numbers of the files that are there now, by path. */
  readonly #numbers: Map<string, number> = new Map();
  #nextNumber = 1;
  #stored: Map<number, StoredFile> = new Map();
  /** How often something was to be put on stable storage, and how many of these are. */
  #asked = 0;
  #done = 0;
  #committing: Promise<void> | undefined;

  constructor(folder: string, rolledBack: (restored: Promise<void>) => void) {
    super();
    this.#folder = folder;
    this.#rolledBack = rolledBack;
  }

  /** Makes the files those of the database. */
  async load(): Promise<void> {
    this.#database?.close();
    this.#database = await openDatabase(this.#folder);
    const transaction = this.#database.transaction(['files', 'extents']);
    const store = transaction.objectStore('files');
    const [numbers, files] = await Promise.all([
      requested(store.getAllKeys()),
      requested<StoredFile[]>(store.getAll()),
    ]);
    this.#stored = new Map(files.map((file, i) => [numbers[i] as number, file]));
    if (files.length > 0) this.makeFolder(this.#folder);
    for (const [number, file] of this.#stored) {
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
      // Whoever has left a lock file is gone, also when that was a session of this worker before the files went back.
      if (/^lock-\d+$/.test(file.name)) continue;
      await this.#loadFile(transaction.objectStore('extents'), number, file);
    }
  }

  settle(): Promise<void> | undefined {
    return this.#done === this.#asked ? undefined : this.#until(this.#asked);
  }

  async detach(): Promise<void> {
    try {
      this.#ask();
      await this.#until(this.#asked);
    } finally {
      this.#database?.close();
    }
    if (this.#stored.size === 0) await withCode(() => removeDatabase(this.#folder));
  }

  override open(path: string): number {
    const fd = super.open(path);
    if (fd > 0) this.#numbers.set(path, this.#nextNumber++);
    return fd;
  }

  override rename(from: string, to: string): number {
    const status = super.rename(from, to);
    if (status === 0 && from !== to) {
      this.#numbers.set(to, this.#numbers.get(from) as number);
      this.#numbers.delete(from);
    }
    return status;
  }

  override remove(path: string): number {
    const status = super.remove(path);
    if (status === 0) this.#numbers.delete(path);
    return status;
  }

  override createExclusive(path: string, bytes: Uint8Array): number {
    const status = super.createExclusive(path, bytes);
    if (status === 0) this.#ask();
    return status;
  }

  override sync(fd: number): number {
    this.#ask();
    return super.sync(fd);
  }

  override syncFile(path: string): number {
    this.#ask();
    return super.syncFile(path);
  }

  override syncFolder(): number {
    this.#ask();
    return super.syncFolder();
  }

  override ownerPid(): number {
    return browserOwner.ownerPid();
  }

  override ownerHost(): string {
    return browserOwner.ownerHost();
  }

  override ownerStart(): string {
    return browserOwner.ownerStart();
  }

  override ownerAlive(pid: number, start: string, host: string): number {
    return browserOwner.ownerAlive(pid, start, host);
  }

  #ask(): void {
    this.#asked++;
  }

  /** What is asked for while a transaction runs is done by the next one, together. */
  async #until(asked: number): Promise<void> {
    while (this.#done < asked) {
      this.#committing ??= this.#commit().finally(() => {
        this.#committing = undefined;
      });
      await this.#committing;
    }
  }

  async #commit(): Promise<void> {
    const asked = this.#asked;
    try {
      const changes = this.#changes();
      await store(this.#database as IDBDatabase, changes);
      this.#stored = changes.after;
      this.#done = asked;
    } catch (error) {
      // Some of what is in memory is not stored, and what follows would build on it.
      this.clear();
      this.#numbers.clear();
      this.#done = this.#asked;
      const restored = withCode(() => this.load());
      restored.catch(() => undefined); // those who use the folder are told
      this.#rolledBack(restored);
      throw storageError(error);
    }
  }

  #changes(): Changes {
    const after = new Map<number, StoredFile>();
    const changed = new Map<number, StoredFile>();
    const extents: Extent[] = [];
    for (const [path, number] of this.#numbers) {
      const file = { name: path.slice(path.lastIndexOf('/') + 1), size: this.size(path) };
      after.set(number, file);
      const before = this.#stored.get(number);
      if (before?.name === file.name && before.size === file.size) continue;
      changed.set(number, file);
      extents.push(...this.#extents(path, number, before?.size ?? 0, file.size));
    }
    const removed = [...this.#stored.keys()].filter((number) => !after.has(number));
    return { extents, changed, removed, after };
  }

  #extents(path: string, file: number, from: number, to: number): Extent[] {
    if (from === to) return [];
    const extents: Extent[] = [];
    const fd = this.openToRead(path);
    for (let offset = from; offset < to; offset += extentBytes) {
      const bytes = new Uint8Array(Math.min(extentBytes, to - offset));
      this.readAt(fd, bytes, offset);
      extents.push({ file, offset, bytes });
    }
    this.close(fd);
    return extents;
  }

  async #loadFile(extents: IDBObjectStore, number: number, file: StoredFile): Promise<void> {
    const path = `${this.#folder}/${file.name}`;
    const fd = super.open(path);
    this.#numbers.set(path, number);
    try {
      for (let offset = 0; offset < file.size; ) {
        const key: [number, number] = [number, offset];
        const bytes = await requested<Uint8Array | undefined>(extents.get(key));
        if (bytes === undefined || bytes.length === 0 || offset + bytes.length > file.size)
          throw new QuiverError('CORRUPT_FILE', `${path} lacks what follows byte ${offset}`);
        if (this.append(fd, bytes) < 0)
          throw new QuiverError('OUT_OF_MEMORY', `no room for ${path} in memory`);
        offset += bytes.length;
      }
    } finally {
      this.close(fd);
    }
  }
}

/** The folders that something is stored in; none where the browser does not tell. */
export async function indexedDbFolders(): Promise<string[]> {
  const known = (await indexedDB.databases?.()) ?? [];
  return known.flatMap(({ name }) =>
    name?.startsWith(namePrefix) === true ? [name.slice(namePrefix.length)] : [],
  );
}

function databaseName(folder: string): string {
  return `${namePrefix}${folder}`;
}

function openDatabase(folder: string): Promise<IDBDatabase> {
  const request = indexedDB.open(databaseName(folder), version);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('files');
    request.result.createObjectStore('extents');
  };
  return requested(request);
}

function removeDatabase(folder: string): Promise<unknown> {
  return requested(indexedDB.deleteDatabase(databaseName(folder)));
}

/** Resolves when all of it is on stable storage; when it rejects, nothing is. */
function store(database: IDBDatabase, changes: Changes): Promise<void> {
  const { extents, changed, removed } = changes;
  if (changed.size === 0 && removed.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(['files', 'extents'], 'readwrite', {
      durability: 'strict',
    });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () =>
      reject(transaction.error ?? new Error('the transaction was aborted'));
    const [ofFiles, ofExtents] = [
      transaction.objectStore('files'),
      transaction.objectStore('extents'),
    ];
    try {
      for (const { file, offset, bytes } of extents) ofExtents.put(bytes, [file, offset]);
      for (const [number, file] of changed) ofFiles.put(file, number);
      for (const number of removed) {
        ofFiles.delete(number);
        ofExtents.delete(IDBKeyRange.bound([number], [number, []]));
      }
    } catch (error) {
      reject(error);
      transaction.abort();
    }
  });
}

function requested<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
