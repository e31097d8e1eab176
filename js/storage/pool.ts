import { browserOwner } from './browser-owner.ts';
import { type HostFs, hostError } from './host-fs.ts';
import {
  copyOffsets,
  decodeRecord,
  encodeRecord,
  headerBytes,
  type PoolRecord,
  recordBytes,
} from './pool-header.ts';

/** What is used of a FileSystemSyncAccessHandle. */
export interface PoolFile {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  getSize(): number;
  close(): void;
}

/** A file of the pool and what is known of it. */
class Slot {
  readonly file: PoolFile;
  /** The copy of the header that holds, and what it says. */
  copy: 0 | 1 = 0;
  record: PoolRecord = { name: undefined, generation: 0 };
  /** Bytes of content. */
  size = 0;
  modified: number = Date.now();
  /** Descriptors that are open on it. */
  readers = 0;
  /** Whether a header was written since the last flush. */
  isNamedUnsynced = false;
  /** Whether all of it is on stable storage. */
  isClean = true;

  constructor(file: PoolFile) {
    this.file = file;
  }
}

/**
 * The files of one folder, as a pool of opened files that have their names inside: names can be given, changed and taken
 * synchronously, which the file system below does only asynchronously. A name that two files have after a crash is that of
 * the one that got it last.
 */
export class Pool implements HostFs {
  readonly #named: Map<string, Slot> = new Map();
  readonly #free: Slot[] = [];
  readonly #open: Map<number, Slot> = new Map();
  #generation = 0;
  #nextFd = 1;
  #isMade = false;
  #message = '';

  /** Free files that the next calls can take. */
  get spare(): number {
    return this.#free.length;
  }

  get names(): string[] {
    return [...this.#named.keys()];
  }

  /** Takes a file in, with what it holds. */
  add(file: PoolFile): void {
    const slot = new Slot(file);
    const records = copyOffsets.map((at) => readRecord(file, at));
    const generations = records.map((record) => record?.generation ?? -1) as [number, number];
    slot.copy = generations[1] > generations[0] ? 1 : 0;
    slot.record = records[slot.copy] ?? slot.record;
    this.#generation = Math.max(this.#generation, ...generations);
    slot.size = Math.max(0, file.getSize() - headerBytes);
    const { name } = slot.record;
    if (name === undefined) {
      this.#recycle(slot);
      return;
    }
    const other = this.#named.get(name);
    const isNewer = other === undefined || slot.record.generation > other.record.generation;
    if (isNewer) this.#named.set(name, slot);
    const loser = isNewer ? other : slot;
    if (loser !== undefined) this.#discard(loser);
  }

  /** Closes all files. Nothing works afterwards. */
  closeAll(): void {
    for (const slot of new Set([...this.#named.values(), ...this.#free, ...this.#open.values()]))
      slot.file.close();
    this.#named.clear();
    this.#free.length = 0;
    this.#open.clear();
  }

  open(path: string): number {
    return this.#try(() => this.#keep(this.#create(nameOf(path))));
  }

  append(fd: number, bytes: Uint8Array): number {
    const slot = this.#open.get(fd);
    if (slot === undefined) return this.#closed(fd);
    return this.#try(() => this.#write(slot, bytes));
  }

  sync(fd: number): number {
    const slot = this.#open.get(fd);
    return slot === undefined ? this.#closed(fd) : this.#try(() => flush(slot));
  }

  close(fd: number): number {
    const slot = this.#open.get(fd);
    if (slot === undefined) return this.#closed(fd);
    this.#open.delete(fd);
    slot.readers--;
    return this.#try(() => {
      if (slot.readers === 0 && slot.record.name === undefined) this.#recycle(slot);
    });
  }

  size(path: string): number {
    return this.#named.get(nameOf(path))?.size ?? this.#missing(path);
  }

  modified(path: string): number {
    return this.#named.get(nameOf(path))?.modified ?? this.#missing(path);
  }

  openToRead(path: string): number {
    const slot = this.#named.get(nameOf(path));
    return slot === undefined ? this.#missing(path) : this.#keep(slot);
  }

  sizeOf(fd: number): number {
    return this.#open.get(fd)?.size ?? this.#closed(fd);
  }

  readAt(fd: number, into: Uint8Array, offset: number): number {
    const slot = this.#open.get(fd);
    if (slot === undefined) return this.#closed(fd);
    const count = Math.max(0, Math.min(into.length, slot.size - offset));
    return this.#try(() => {
      let done = 0;
      while (done < count) {
        const at = headerBytes + offset + done;
        const read = slot.file.read(into.subarray(done, count), { at });
        if (read === 0) break;
        done += read;
      }
      return done;
    });
  }

  rename(from: string, to: string): number {
    const [old, name] = [nameOf(from), nameOf(to)];
    const slot = this.#named.get(old);
    if (slot === undefined) return this.#missing(from);
    if (old === name) return 0;
    return this.#try(() => {
      this.#setName(slot, name);
      this.#named.delete(old);
      this.#take(name, slot);
    });
  }

  remove(path: string): number {
    const name = nameOf(path);
    const slot = this.#named.get(name);
    if (slot === undefined) return this.#missing(path);
    return this.#try(() => {
      this.#named.delete(name);
      this.#discard(slot);
    });
  }

  list(folder: string): string[] | number {
    if (!this.#isMade && this.#named.size === 0) return this.#missing(folder);
    return this.names;
  }

  exists(path: string): number {
    return this.#named.has(nameOf(path)) ? 1 : 0;
  }

  createExclusive(path: string, bytes: Uint8Array): number {
    const name = nameOf(path);
    if (this.#named.has(name)) return this.#fail(hostError.exists, `${path} exists`);
    return this.#try(() => {
      const slot = this.#takeFree();
      try {
        this.#write(slot, bytes);
        // The content first, so that the name never stands for less.
        flush(slot);
        this.#setName(slot, name);
        flush(slot);
      } catch (error) {
        this.#discard(slot);
        throw error;
      }
      this.#named.set(name, slot);
    });
  }

  makeFolder(): number {
    this.#isMade = true;
    return 0;
  }

  removeFolder(path: string): number {
    if (this.#named.size > 0) return this.#fail(hostError.exists, `${path} is not empty`);
    this.#isMade = false;
    return 0;
  }

  syncFile(path: string): number {
    const slot = this.#named.get(nameOf(path));
    return slot === undefined ? this.#missing(path) : this.#try(() => flush(slot));
  }

  syncFolder(): number {
    return this.#try(() => {
      for (const slot of [...this.#named.values(), ...this.#free])
        if (slot.isNamedUnsynced) flush(slot);
    });
  }

  ownerPid(): number {
    return browserOwner.ownerPid();
  }

  ownerHost(): string {
    return browserOwner.ownerHost();
  }

  ownerStart(): string {
    return browserOwner.ownerStart();
  }

  ownerAlive(pid: number, start: string, host: string): number {
    return browserOwner.ownerAlive(pid, start, host);
  }

  lastMessage(): string {
    return this.#message;
  }

  /** A new file of that name, in place of one that has it. */
  #create(name: string): Slot {
    const slot = this.#takeFree();
    try {
      this.#setName(slot, name);
      this.#take(name, slot);
    } catch (error) {
      this.#discard(slot);
      throw error;
    }
    return slot;
  }

  #takeFree(): Slot {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error('there is no spare file left: try again');
    try {
      // A crash must not show what it held before under its new name.
      if (!slot.isClean) flush(slot);
    } catch (error) {
      this.#free.push(slot);
      throw error;
    }
    slot.modified = Date.now();
    return slot;
  }

  /** Lets the name stand for a file that has it in its header already. */
  #take(name: string, slot: Slot): void {
    const before = this.#named.get(name);
    if (before !== undefined) {
      // While the old one has the name too, a crash leaves the one or the other.
      flush(slot);
      this.#named.set(name, slot);
      this.#discard(before);
    } else {
      this.#named.set(name, slot);
    }
  }

  #write(slot: Slot, bytes: Uint8Array): void {
    slot.isClean = false;
    try {
      for (let done = 0; done < bytes.length; ) {
        const at = headerBytes + slot.size + done;
        const written = slot.file.write(bytes.subarray(done), { at });
        if (written <= 0) throw Object.assign(new Error('no space is left'), { name: full });
        done += written;
      }
    } catch (error) {
      // All or nothing: what is half written is not of the file.
      slot.file.truncate(headerBytes + slot.size);
      throw error;
    }
    slot.size += bytes.length;
    slot.modified = Date.now();
  }

  /** A file without a name: free, once nobody reads it. */
  #discard(slot: Slot): void {
    this.#setName(slot, undefined);
    if (slot.readers === 0) this.#recycle(slot);
  }

  #recycle(slot: Slot): void {
    const size = slot.file.getSize();
    if (size > headerBytes) slot.isClean = false;
    // Room for the header from the beginning: to name or free a file never needs more than the quota allows.
    if (size !== headerBytes) slot.file.truncate(headerBytes);
    slot.size = 0;
    this.#free.push(slot);
  }

  #setName(slot: Slot, name: string | undefined): void {
    // The other copy is the last one that is certainly there, as long as this one is not on stable storage.
    if (slot.isNamedUnsynced) flush(slot);
    const record = { name, generation: this.#generation + 1 };
    const bytes = encodeRecord(record);
    if (bytes === undefined) throw new Error(`the name ${name} is empty or too long`);
    const copy = slot.copy === 0 ? 1 : 0;
    slot.isNamedUnsynced = true;
    slot.isClean = false;
    if (slot.file.write(bytes, { at: copyOffsets[copy] }) !== bytes.length)
      throw Object.assign(new Error('no space is left'), { name: full });
    this.#generation++;
    slot.copy = copy;
    slot.record = record;
  }

  #keep(slot: Slot): number {
    const fd = this.#nextFd++;
    slot.readers++;
    this.#open.set(fd, slot);
    return fd;
  }

  #try(call: () => unknown): number {
    try {
      const result = call();
      return typeof result === 'number' ? result : 0;
    } catch (error) {
      const { name, message } = error as Error;
      return this.#fail(
        name === full ? hostError.noSpace : hostError.io,
        name === full ? `the storage quota is used up (${message})` : message,
      );
    }
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

/** The name of the error that says that an origin may not store more. */
const full = 'QuotaExceededError';

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function flush(slot: Slot): void {
  slot.file.flush();
  slot.isNamedUnsynced = false;
  slot.isClean = true;
}

function readRecord(file: PoolFile, at: number): PoolRecord | undefined {
  const bytes = new Uint8Array(recordBytes);
  return file.read(bytes, { at }) === recordBytes ? decodeRecord(bytes) : undefined;
}
