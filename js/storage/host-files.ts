import { QuiverError } from '../errors.ts';
import { type HostFs, hostError } from './host-fs.ts';

export interface FileEntry {
  readonly name: string;
  readonly size: number;
}

/** The files of folders as they are, for archives. */
export interface FolderFiles {
  /** None where there is no such folder. */
  list(folder: string): Promise<FileEntry[]>;
  /** `length` bytes from byte `offset` on, or as many as there are. */
  read(folder: string, name: string, offset: number, length: number): Promise<Uint8Array>;
  /** The first time since `finish` it makes or empties the file. The folder is made when it is missing. */
  append(folder: string, name: string, bytes: Uint8Array): Promise<void>;
  /** Keeps a folder for those who read its files, until `clear`: nobody else takes it for left behind. */
  hold(folder: string): Promise<void>;
  /** Puts all that was appended in the folder on stable storage. */
  finish(folder: string): Promise<void>;
  remove(folder: string, name: string): Promise<void>;
  /** Removes all files, and the folder. */
  clear(folder: string): Promise<void>;
}

const codes = {
  [hostError.missing]: 'MISSING_FILE',
  [hostError.permission]: 'PERMISSION_DENIED',
  [hostError.noSpace]: 'NO_SPACE',
  [hostError.exists]: 'INDEX_EXISTS',
} as const;

/** Those of a file system of the WASM module. */
export class HostFiles implements FolderFiles {
  readonly #host: HostFs;
  /** Descriptors of the files that are written, by path. */
  readonly #open: Map<string, number> = new Map();

  constructor(host: HostFs) {
    this.#host = host;
  }

  async list(folder: string): Promise<FileEntry[]> {
    const names = this.#host.list(folder);
    if (names === hostError.missing) return [];
    if (typeof names === 'number') return this.#fail(names);
    return names.map((name) => ({ name, size: this.#check(this.#host.size(`${folder}/${name}`)) }));
  }

  async read(folder: string, name: string, offset: number, length: number): Promise<Uint8Array> {
    const fd = this.#check(this.#host.openToRead(`${folder}/${name}`));
    try {
      const size = this.#check(this.#host.sizeOf(fd));
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      return bytes.subarray(0, this.#check(this.#host.readAt(fd, bytes, offset)));
    } finally {
      this.#host.close(fd);
    }
  }

  async append(folder: string, name: string, bytes: Uint8Array): Promise<void> {
    const path = `${folder}/${name}`;
    let fd = this.#open.get(path);
    if (fd === undefined) {
      await this.#host.prepare?.(folder, 1);
      this.#check(this.#host.makeFolder(folder));
      fd = this.#check(this.#host.open(path));
      this.#open.set(path, fd);
    }
    this.#check(this.#host.append(fd, bytes));
  }

  async hold(): Promise<void> {}

  async finish(folder: string): Promise<void> {
    for (const [path, fd] of this.#of(folder)) {
      this.#open.delete(path);
      const synced = this.#host.sync(fd);
      this.#host.close(fd);
      this.#check(synced);
    }
    this.#check(this.#host.syncFolder(folder));
    await this.#host.settle?.(folder);
  }

  async remove(folder: string, name: string): Promise<void> {
    this.#check(this.#host.remove(`${folder}/${name}`));
    this.#check(this.#host.syncFolder(folder));
    await this.#host.settle?.(folder);
  }

  async clear(folder: string): Promise<void> {
    for (const [path, fd] of this.#of(folder)) {
      this.#open.delete(path);
      this.#host.close(fd);
    }
    const names = this.#host.list(folder);
    if (names === hostError.missing) return;
    if (typeof names === 'number') return this.#fail(names);
    for (const name of names) this.#check(this.#host.remove(`${folder}/${name}`));
    this.#check(this.#host.syncFolder(folder));
    this.#check(this.#host.removeFolder(folder));
    await this.#host.settle?.(folder);
  }

  #of(folder: string): [string, number][] {
    return [...this.#open].filter(([path]) => path.slice(0, path.lastIndexOf('/')) === folder);
  }

  #check(result: number): number {
    return result < 0 ? this.#fail(result) : result;
  }

  #fail(result: number): never {
    throw new QuiverError(
      codes[result as keyof typeof codes] ?? 'IO_ERROR',
      this.#host.lastMessage(),
    );
  }
}

/** Those that `find` gives for a folder at the time of each call. */
export function filesOf(find: (folder: string) => Promise<FolderFiles>): FolderFiles {
  return {
    list: async (folder) => (await find(folder)).list(folder),
    read: async (folder, ...rest) => (await find(folder)).read(folder, ...rest),
    append: async (folder, ...rest) => (await find(folder)).append(folder, ...rest),
    hold: async (folder) => (await find(folder)).hold(folder),
    finish: async (folder) => (await find(folder)).finish(folder),
    remove: async (folder, name) => (await find(folder)).remove(folder, name),
    clear: async (folder) => (await find(folder)).clear(folder),
  };
}
