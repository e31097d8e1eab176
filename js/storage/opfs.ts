import { describe, QuiverError } from '../errors.ts';
import type { FolderFs } from './host-fs.ts';
import { Pool, type PoolFile } from './pool.ts';
import { withCode } from './storage-error.ts';

/** What TypeScript's library for pages does not know: only workers have it. */
type WorkerFileHandle = FileSystemFileHandle & {
  createSyncAccessHandle(): Promise<PoolFile>;
};

/** The folder of the origin's private file system that all indexes lie in, a folder each. */
const rootName = 'quiverdb';

/** Whether this worker has files that it can write synchronously. */
export async function hasOpfs(): Promise<boolean> {
  const prototype = (globalThis as { FileSystemFileHandle?: { prototype: object } })
    .FileSystemFileHandle?.prototype;
  if (prototype === undefined || !('createSyncAccessHandle' in prototype)) return false;
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch {
    return false; // as in private windows of some browsers
  }
}

/** Opens the files of a folder, of which there may be none yet. No other worker may have them open. */
export async function attachOpfs(folder: string): Promise<FolderFs> {
  return withCode(async () => attach(storedName(folder)));
}

async function attach(name: string): Promise<FolderFs> {
  let place: FileSystemDirectoryHandle | undefined;
  try {
    place = await (await rootFolder()).getDirectoryHandle(name);
  } catch (error) {
    if ((error as Error).name !== 'NotFoundError') throw error;
  }
  const files = new OpfsFolder(name, place);
  await files.load();
  return files;
}

/** The folders that something is stored in. */
export async function opfsFolders(): Promise<string[]> {
  const names: string[] = [];
  for await (const name of (await rootFolder()).keys()) names.push(decodeURIComponent(name));
  return names;
}

class OpfsFolder extends Pool implements FolderFs {
  readonly #name: string;
  /** Undefined as long as nothing is stored. */
  #place: FileSystemDirectoryHandle | undefined;
  #files = 0;
  #growing: Promise<void> | undefined;

  constructor(name: string, place: FileSystemDirectoryHandle | undefined) {
    super();
    this.#name = name;
    this.#place = place;
  }

  async load(): Promise<void> {
    const place = this.#place;
    if (place === undefined) return;
    const numbers: number[] = [];
    for await (const name of place.keys()) if (/^\d+$/.test(name)) numbers.push(Number(name));
    const opened = await Promise.allSettled(
      numbers.map(async (number) => openFile(await place.getFileHandle(String(number)))),
    );
    const failed = opened.find((each) => each.status === 'rejected');
    if (failed !== undefined) {
      for (const each of opened) if (each.status === 'fulfilled') each.value.close();
      throw failed.reason;
    }
    for (const each of opened) if (each.status === 'fulfilled') this.add(each.value);
    this.#files = Math.max(0, ...numbers.map((number) => number + 1));
  }

  prepare(_folder: string, files: number): Promise<void> | undefined {
    if (this.spare >= files) return undefined;
    this.#growing ??= withCode(() => this.#grow(files - this.spare)).finally(() => {
      this.#growing = undefined;
    });
    // Another one may have asked for fewer.
    return this.#growing.then(() => this.prepare(_folder, files));
  }

  async detach(): Promise<void> {
    await this.#growing?.catch(() => undefined);
    const isEmpty = this.names.length === 0;
    this.closeAll();
    if (isEmpty && this.#place !== undefined)
      await (await rootFolder()).removeEntry(this.#name, { recursive: true });
  }

  async #grow(count: number): Promise<void> {
    this.#place ??= await (await rootFolder()).getDirectoryHandle(this.#name, { create: true });
    const place = this.#place;
    const first = this.#files;
    this.#files += count;
    const made = await Promise.allSettled(
      Array.from({ length: count }, async (_, i) =>
        openFile(await place.getFileHandle(String(first + i), { create: true })),
      ),
    );
    for (const each of made) if (each.status === 'fulfilled') this.add(each.value);
    const failed = made.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

async function rootFolder(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(rootName, { create: true });
}

/** The files of a worker that was just ended may be held a moment longer. */
async function openFile(handle: FileSystemFileHandle): Promise<PoolFile> {
  const tries = 50;
  for (let left = tries; ; left--) {
    try {
      return await (handle as WorkerFileHandle).createSyncAccessHandle();
    } catch (error) {
      if ((error as Error).name !== 'NoModificationAllowedError' || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The longest name that file systems have. */
const longestName = 255;

/** The folder's name as one part of a path on any file system. */
function storedName(folder: string): string {
  let name = '';
  try {
    name = encodeURIComponent(folder).replace(
      /[.*!'()]/g,
      (char) => `%${char.charCodeAt(0).toString(16)}`,
    );
  } catch {
    // It has half of a character.
  }
  if (name === '' || name.length > longestName)
    throw new QuiverError(
      'INVALID_ARGUMENT',
      `Expected the name of an index to be a text of at most ${longestName} bytes when it is percent-encoded, got ${describe(folder)}`,
    );
  return name;
}
