import { type HostFs, type HostOwner, hostError } from './host-fs.ts';

/** Paths that begin with this lie in memory, whatever the backend's own storage is. */
export const memoryPrefix = 'memory:';

/** Sends each folder to the file system that has it. */
export class RoutedFs implements HostFs {
  readonly #route: (folder: string) => HostFs | undefined;
  /** Who says which process this is. */
  readonly #owner: HostOwner;
  readonly #open: Map<number, { readonly fs: HostFs; readonly fd: number }> = new Map();
  #nextFd = 1;
  #last: HostFs | undefined;

  /** @param route - gives a folder's file system; undefined where it is not open */
  constructor(route: (folder: string) => HostFs | undefined, owner: HostOwner) {
    this.#route = route;
    this.#owner = owner;
  }

  open(path: string): number {
    return this.#opened(path, (fs) => fs.open(path));
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
    return this.#at(path, (fs) => fs.size(path));
  }

  modified(path: string): number {
    return this.#at(path, (fs) => fs.modified(path));
  }

  openToRead(path: string): number {
    return this.#opened(path, (fs) => fs.openToRead(path));
  }

  sizeOf(fd: number): number {
    return this.#with(fd, (fs, inner) => fs.sizeOf(inner));
  }

  readAt(fd: number, into: Uint8Array, offset: number): number {
    return this.#with(fd, (fs, inner) => fs.readAt(inner, into, offset));
  }

  rename(from: string, to: string): number {
    return this.#at(from, (fs) => fs.rename(from, to));
  }

  remove(path: string): number {
    return this.#at(path, (fs) => fs.remove(path));
  }

  list(folder: string): string[] | number {
    return this.#in<string[] | number>(folder, (fs) => fs.list(folder));
  }

  exists(path: string): number {
    return this.#at(path, (fs) => fs.exists(path));
  }

  createExclusive(path: string, bytes: Uint8Array): number {
    return this.#at(path, (fs) => fs.createExclusive(path, bytes));
  }

  makeFolder(folder: string): number {
    return this.#in(folder, (fs) => fs.makeFolder(folder));
  }

  removeFolder(folder: string): number {
    return this.#in(folder, (fs) => fs.removeFolder(folder));
  }

  syncFile(path: string): number {
    return this.#at(path, (fs) => fs.syncFile(path));
  }

  syncFolder(folder: string): number {
    return this.#in(folder, (fs) => fs.syncFolder(folder));
  }

  ownerPid(): number {
    return this.#owner.ownerPid();
  }

  ownerHost(): string {
    return this.#owner.ownerHost();
  }

  ownerStart(): string {
    return this.#owner.ownerStart();
  }

  ownerAlive(pid: number, start: string, host: string): number {
    return this.#owner.ownerAlive(pid, start, host);
  }

  lastMessage(): string {
    return this.#last?.lastMessage() ?? 'the folder or file is not open';
  }

  prepare(folder: string, files: number): Promise<void> | undefined {
    return this.#route(folder)?.prepare?.(folder, files);
  }

  settle(folder: string): Promise<void> | undefined {
    return this.#route(folder)?.settle?.(folder);
  }

  #in<T = number>(folder: string, call: (fs: HostFs) => T): T | number {
    this.#last = this.#route(folder);
    return this.#last === undefined ? hostError.io : call(this.#last);
  }

  #at(path: string, call: (fs: HostFs) => number): number {
    return this.#in(path.slice(0, path.lastIndexOf('/')), call);
  }

  /** A descriptor of our own for one of the file's, or the failure. */
  #opened(path: string, call: (fs: HostFs) => number): number {
    const fd = this.#at(path, call);
    if (fd < 0) return fd;
    const own = this.#nextFd++;
    this.#open.set(own, { fs: this.#last as HostFs, fd });
    return own;
  }

  #with(fd: number, call: (fs: HostFs, inner: number) => number): number {
    const open = this.#open.get(fd);
    this.#last = open?.fs;
    return open === undefined ? hostError.io : call(open.fs, open.fd);
  }
}
