import { type HostFs, hostError } from './host-fs.ts';

/** What a file grows by at most: to copy all that it has would hold the thread up. */
const chunkBytes = 1 << 20;

/** Chunks of one length, but that the first one grows to it by doubling. */
class MemoryFile {
  readonly #chunks: Uint8Array[] = [];
  size = 0;
  modified: number = Date.now();

  /** All of it or, where memory is full, nothing. */
  append(more: Uint8Array): void {
    let end = this.size;
    for (let rest = more; rest.length > 0; ) {
      const at = end % chunkBytes;
      const chunk = this.#room(end - at, at + Math.min(rest.length, chunkBytes - at));
      const piece = rest.subarray(0, chunk.length - at);
      chunk.set(piece, at);
      end += piece.length;
      rest = rest.subarray(piece.length);
    }
    this.size = end;
    this.modified = Date.now();
  }

  read(into: Uint8Array, offset: number): number {
    const count = Math.max(0, Math.min(into.length, this.size - offset));
    for (let done = 0; done < count; ) {
      const chunk = this.#chunks[Math.floor((offset + done) / chunkBytes)] as Uint8Array;
      const at = (offset + done) % chunkBytes;
      const piece = chunk.subarray(at, Math.min(chunkBytes, at + count - done));
      into.set(piece, done);
      done += piece.length;
    }
    return count;
  }

  /** The chunk that begins at `start`, with room for so many bytes. */
  #room(start: number, bytes: number): Uint8Array {
    const i = start / chunkBytes;
    const chunk = this.#chunks[i] ?? new Uint8Array(i === 0 ? 0 : chunkBytes);
    if (chunk.length >= bytes) {
      this.#chunks[i] = chunk;
      return chunk;
    }
    const grown = new Uint8Array(Math.min(Math.max(bytes, chunk.length * 2, 256), chunkBytes));
    grown.set(chunk);
    this.#chunks[i] = grown;
    return grown;
  }
}

/** A file system that lives as long as this object. Any path is a valid one; `/` parts it. */
export class MemoryFs implements HostFs {
  readonly #files: Map<string, MemoryFile> = new Map();
  readonly #folders: Set<string> = new Set();
  readonly #open: Map<number, MemoryFile> = new Map();
  #nextFd = 1;
  #message = '';

  /** Forgets everything, what is open too. */
  clear(): void {
    this.#files.clear();
    this.#folders.clear();
    this.#open.clear();
  }

  open(path: string): number {
    if (this.#folders.has(path)) return this.#fail(hostError.io, `${path} is a folder`);
    const file = new MemoryFile();
    this.#files.set(path, file);
    return this.#keep(file);
  }

  append(fd: number, bytes: Uint8Array): number {
    const file = this.#open.get(fd);
    if (file === undefined) return this.#closed(fd);
    try {
      file.append(bytes);
    } catch {
      return this.#fail(hostError.noSpace, `no memory for ${bytes.length} more bytes`);
    }
    return 0;
  }

  sync(fd: number): number {
    return this.#open.has(fd) ? 0 : this.#closed(fd);
  }

  close(fd: number): number {
    return this.#open.delete(fd) ? 0 : this.#closed(fd);
  }

  size(path: string): number {
    return this.#files.get(path)?.size ?? this.#missing(path);
  }

  modified(path: string): number {
    return this.#files.get(path)?.modified ?? this.#missing(path);
  }

  openToRead(path: string): number {
    const file = this.#files.get(path);
    return file === undefined ? this.#missing(path) : this.#keep(file);
  }

  sizeOf(fd: number): number {
    return this.#open.get(fd)?.size ?? this.#closed(fd);
  }

  readAt(fd: number, into: Uint8Array, offset: number): number {
    return this.#open.get(fd)?.read(into, offset) ?? this.#closed(fd);
  }

  rename(from: string, to: string): number {
    const file = this.#files.get(from);
    if (file === undefined) return this.#missing(from);
    this.#files.delete(from);
    this.#files.set(to, file);
    return 0;
  }

  remove(path: string): number {
    return this.#files.delete(path) ? 0 : this.#missing(path);
  }

  list(folder: string): string[] | number {
    if (!this.#folders.has(folder)) return this.#missing(folder);
    const prefix = `${folder}/`;
    const names = new Set<string>();
    for (const path of [...this.#files.keys(), ...this.#folders]) {
      if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split('/')[0] as string);
    }
    return [...names];
  }

  exists(path: string): number {
    return this.#files.has(path) || this.#folders.has(path) ? 1 : 0;
  }

  createExclusive(path: string, bytes: Uint8Array): number {
    if (this.exists(path) === 1) return this.#fail(hostError.exists, `${path} exists`);
    const fd = this.open(path);
    const written = this.append(fd, bytes);
    this.close(fd);
    if (written < 0) this.remove(path);
    return written;
  }

  makeFolder(path: string): number {
    if (this.#files.has(path)) return this.#fail(hostError.exists, `${path} is a file`);
    this.#folders.add(path);
    return 0;
  }

  removeFolder(path: string): number {
    const names = this.list(path);
    if (typeof names === 'number') return names;
    if (names.length > 0) return this.#fail(hostError.exists, `${path} is not empty`);
    this.#folders.delete(path);
    return 0;
  }

  syncFile(path: string): number {
    return this.#files.has(path) ? 0 : this.#missing(path);
  }

  syncFolder(): number {
    return 0;
  }

  // Nobody else can reach this memory, so a lock found in it is always this process's.
  ownerPid(): number {
    return 1;
  }

  ownerHost(): string {
    return 'memory';
  }

  ownerStart(): string {
    return '';
  }

  ownerAlive(_pid: number, _start: string, _host: string): number {
    return 1;
  }

  lastMessage(): string {
    return this.#message;
  }

  #keep(file: MemoryFile): number {
    const fd = this.#nextFd++;
    this.#open.set(fd, file);
    return fd;
  }

  #closed(fd: number): number {
    return this.#fail(hostError.io, `${fd} is not an open file`);
  }

  #missing(path: string): number {
    return this.#fail(hostError.missing, `${path} does not exist`);
  }

  #fail(code: number, message: string): number {
    this.#message = message;
    return code;
  }
}
