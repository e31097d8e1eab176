import { type HostFs, hostError } from './host-fs.ts';

/** Paths that begin with this lie in memory, whatever the backend's own storage is. */
export const memoryPrefix = 'memory:';

/** Sends `memory:` paths to one file system and all others to another. */
export class RoutedFs implements HostFs {
  readonly #memory: HostFs;
  readonly #rest: HostFs;
  readonly #open: Map<number, { readonly fs: HostFs; readonly fd: number }> = new Map();
  #nextFd = 1;
  #last: HostFs;

  constructor(memory: HostFs, rest: HostFs) {
    this.#memory = memory;
    this.#rest = rest;
    this.#last = rest;
  }

  open(path: string): number {
    const fs = this.#for(path);
    return this.#keep(fs, fs.open(path));
  }

  append(fd: number, bytes: Uint8Array): number {
    return this.#with(fd, (fs, inner) => fs.append(inner, bytes));
  }

  sync(fd: number): number {
    return this.#with(fd, (fs, inner) => fs.sync(inner));
  }

  close(fd: number): number {
    const status = this.#with(fd, (fs, inner) => fs.close(inner));
    this.#open.delete(fd);
    return status;
  }

  size(path: string): number {
    return this.#for(path).size(path);
  }

  modified(path: string): number {
    return this.#for(path).modified(path);
  }

  openToRead(path: string): number {
    const fs = this.#for(path);
    return this.#keep(fs, fs.openToRead(path));
  }

  sizeOf(fd: number): number {
    return this.#with(fd, (fs, inner) => fs.sizeOf(inner));
  }

  readAt(fd: number, into: Uint8Array, offset: number): number {
    return this.#with(fd, (fs, inner) => fs.readAt(inner, into, offset));
  }

  rename(from: string, to: string): number {
    return this.#for(from).rename(from, to);
  }

  remove(path: string): number {
    return this.#for(path).remove(path);
  }

  list(folder: string): string[] | number {
    return this.#for(folder).list(folder);
  }

  exists(path: string): number {
    return this.#for(path).exists(path);
  }

  createExclusive(path: string, bytes: Uint8Array): number {
    return this.#for(path).createExclusive(path, bytes);
  }

  makeFolder(path: string): number {
    return this.#for(path).makeFolder(path);
  }

  removeFolder(path: string): number {
    return this.#for(path).removeFolder(path);
  }

  syncFile(path: string): number {
    return this.#for(path).syncFile(path);
  }

  syncFolder(path: string): number {
    return this.#for(path).syncFolder(path);
  }

  // Locks of the files on disk are the ones that another process can see.
  ownerPid(): number {
    return this.#rest.ownerPid();
  }

  ownerHost(): string {
    return this.#rest.ownerHost();
  }

  ownerStart(): string {
    return this.#rest.ownerStart();
  }

  ownerAlive(pid: number, start: string, host: string): number {
    return this.#rest.ownerAlive(pid, start, host);
  }

  lastMessage(): string {
    return this.#last.lastMessage();
  }

  #for(path: string): HostFs {
    this.#last = path.startsWith(memoryPrefix) ? this.#memory : this.#rest;
    return this.#last;
  }

  /** A descriptor of our own for one of `fs`, or its failure. */
  #keep(fs: HostFs, fd: number): number {
    if (fd < 0) return fd;
    const own = this.#nextFd++;
    this.#open.set(own, { fs, fd });
    return own;
  }

  #with(fd: number, call: (fs: HostFs, inner: number) => number): number {
    const open = this.#open.get(fd);
    if (open === undefined) return hostError.io;
    this.#last = open.fs;
    return call(open.fs, open.fd);
  }
}
