import type { BigIntStats } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Slices } from '../../event-loop.ts';
import type { IndexCodec } from '../codec/index-codec.ts';
import { JsonCodec } from '../codec/json-codec.ts';
import { ProtobufCodec } from '../codec/protobuf-codec.ts';
import type { Entry } from '../items/entry.ts';
import type { Changes } from '../items/item-table.ts';
import type { FileStorage } from '../storage/file-storage.ts';
import { LocalFileStorage } from '../storage/local-file-storage.ts';
import type { IndexItem } from '../types.ts';
import { CommitFile, codeOf, readAt, syncFile, temporary, writeAt } from './commit-file.ts';
import { JsonLayout } from './json-layout.ts';
import type { Layout, Patch } from './layout.ts';
import { ProtobufLayout } from './protobuf-layout.ts';
import type { Commit, Contents, Store } from './store.ts';

const chunkBytes = 1 << 20;
/** Below this the file is not written anew for its gaps. */
const smallBytes = 64 << 10;
/** How many files wait for the disk at once: it writes them together. */
const syncedTogether = 32;
/** How often a file that changes while it is read is read again. */
const maxReads = 100;

/** Keeps an index file by changing it where it lies; undefined where only whole files may be read and written: storage or codec are, or might be, the caller's own. */
export function openInPlace(
  storage: FileStorage,
  path: string,
  codec: IndexCodec,
): Store | undefined {
  if (!(storage instanceof LocalFileStorage) || !isAsMade(storage, LocalFileStorage))
    return undefined;
  const indexPath = storage.getFullPath(path);
  if (codec instanceof JsonCodec && isAsMade(codec, JsonCodec))
    return new InPlaceStore(indexPath, () => new JsonLayout());
  if (codec instanceof ProtobufCodec && isAsMade(codec, ProtobufCodec))
    return new InPlaceStore(indexPath, () => new ProtobufLayout(codec));
  return undefined;
}

/** Whether an object has the methods of its class, and not some that a subclass or a caller put over them. */
const isAsMade = (object: object, maker: { prototype: object }): boolean =>
  Object.getPrototypeOf(object) === maker.prototype &&
  !Object.values(object).some((value) => typeof value === 'function');

interface Image {
  readonly contents: Contents;
  readonly layout: Layout;
  stats: BigIntStats;
}

/**
 * An index file on this machine that is changed where it lies: a commit writes what it changes and not the rest, and is
 * whole or not there whatever stops it. Several processes may use one; each sees what the others have committed.
 */
class InPlaceStore implements Store {
  readonly takesFiles = true;
  readonly #path: string;
  readonly #newLayout: () => Layout;
  #image: Image | undefined;
  /** The call that looks whether the file has changed, while there is one. */
  #looking: Promise<Image> | undefined;
  /** Whether this object writes the file, so that nobody else does. */
  #isWriting = false;

  constructor(path: string, newLayout: () => Layout) {
    this.#path = path;
    this.#newLayout = newLayout;
  }

  async contents(): Promise<Contents> {
    if (this.#isWriting && this.#image !== undefined) return this.#image.contents;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return (await this.#looking).contents;
  }

  get known(): Contents | undefined {
    return this.#image?.contents;
  }

  forget(): void {
    this.#image = undefined;
  }

  async sync(names: readonly string[]): Promise<void> {
    const folder = dirname(this.#path);
    for (let at = 0; at < names.length; at += syncedTogether) {
      const some = names.slice(at, at + syncedTogether);
      await Promise.all(some.map((name) => syncFile(join(folder, name))));
    }
  }

  async commit(prepare: (contents: Contents) => Promise<Commit>): Promise<void> {
    const file = await CommitFile.begin(this.#path);
    try {
      const [image] = await Promise.all([this.#current(), file.sign()]);
      const { changes, files } = await prepare(image.contents);
      if (changes.removed.length + changes.replaced.length + changes.added.length === 0) {
        if (files.length > 0) await file.patch(Number(image.stats.size), [], files);
        return;
      }
      this.#isWriting = true;
      try {
        await this.#write(file, image, changes, files);
        image.contents.table.apply(changes);
      } catch (error) {
        // The layout may be ahead of the file.
        this.#image = undefined;
        throw error;
      } finally {
        this.#isWriting = false;
      }
    } finally {
      await file.end();
    }
  }

  async #write(
    file: CommitFile,
    image: Image,
    changes: Changes,
    files: Commit['files'],
  ): Promise<void> {
    const { layout, stats } = image;
    const size = Number(stats.size);
    const encoded = await encodeAll(layout, changes);
    const bytes = [...encoded.values()].reduce((sum, { length }) => sum + length, 0);
    // Bytes that are patched are written twice, those of a new file once.
    const gaps = layout.wasted + sizeOf(changes);
    if (bytes > Math.max(size, smallBytes) || gaps > Math.max(layout.length / 2, smallBytes)) {
      await this.#rewrite(image, changes, encoded, () => file.replace(files));
    } else {
      await file.patch(size, patchesOf(layout, size, changes, encoded), files);
    }
    image.stats = await fs.stat(this.#path, { bigint: true });
  }

  /** Writes a file without gaps under the temporary name, and lets it take the place of the old one. */
  async #rewrite(
    image: Image,
    changes: Changes,
    encoded: ReadonlyMap<IndexItem, Uint8Array>,
    replace: () => Promise<void>,
  ): Promise<void> {
    const { layout, head, separator, tail } = image.layout.anew();
    const { table } = image.contents;
    const gone = new Set(changes.removed);
    const instead = new Map(changes.replaced.map(({ entry, item }) => [entry, item]));
    const entries = [...table.entries.filter((entry) => !gone.has(entry)), ...changes.added];
    const places: Entry['place'][] = [];
    const target = await fs.open(temporary(this.#path), 'w', Number(image.stats.mode) & 0o777);
    const source = await fs.open(this.#path, 'r');
    try {
      const output = new Output(target);
      await output.add(head);
      const reader = new RunReader(source);
      for (const [number, entry] of entries.entries()) {
        if (number > 0) await output.add(separator);
        const bytes =
          encoded.get(instead.get(entry) ?? entry.item) ??
          (await reader.read(entry.place as NonNullable<Entry['place']>));
        const start = output.length;
        await output.add(bytes);
        places.push(layout.place(start, output.length));
      }
      await output.add(tail);
      await output.flush();
      await target.sync();
    } catch (error) {
      await fs.rm(temporary(this.#path), { force: true });
      throw error;
    } finally {
      await source.close();
      await target.close();
    }
    await replace();
    for (const [number, entry] of entries.entries()) entry.place = places[number];
    this.#image = Object.assign(image, { layout });
  }

  /** As {@link contents}, for one who has begun a commit: nobody else writes. */
  async #current(): Promise<Image> {
    const stats = await this.#stat();
    if (this.#image === undefined || !isSame(this.#image.stats, stats))
      this.#image = await this.#read();
    return this.#image;
  }

  async #look(): Promise<Image> {
    for (let reads = 0; ; reads++) {
      const stats = await this.#stat();
      const image = this.#image;
      if (image !== undefined && isSame(image.stats, stats)) return image;
      await CommitFile.settle(this.#path);
      try {
        const read = await this.#read();
        const after = await this.#stat();
        if (isSame(read.stats, after) && this.#image === image) {
          this.#image = read;
          return read;
        }
      } catch (error) {
        // Another program writes the file, and not as one: its end is awaited. Otherwise that is what the file is.
        if (isSame(stats, await this.#stat()) || reads === maxReads) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #read(): Promise<Image> {
    const handle = await fs.open(this.#path, 'r');
    try {
      const stats = await handle.stat({ bigint: true });
      const layout = this.#newLayout();
      return { contents: await layout.read(chunksOf(handle)), layout, stats };
    } finally {
      await handle.close();
    }
  }

  async #stat(): Promise<BigIntStats> {
    try {
      return await fs.stat(this.#path, { bigint: true });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      this.#image = undefined;
      throw new Error('Index does not exist', { cause: error });
    }
  }
}

/** Every commit makes the file longer, or a new one: so its size tells where clocks are coarse. */
const isSame = (a: BigIntStats, b: BigIntStats): boolean =>
  a.size === b.size && a.mtimeNs === b.mtimeNs && a.ino === b.ino && a.dev === b.dev;

async function* chunksOf(handle: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; ; ) {
    const chunk = Buffer.allocUnsafeSlow(chunkBytes);
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

const sizeOf = ({ removed, replaced }: Changes): number =>
  [...removed, ...replaced.map(({ entry }) => entry)].reduce(
    (sum, { place }) => sum + (place ? place.end - place.start : 0),
    0,
  );

async function encodeAll(layout: Layout, changes: Changes): Promise<Map<IndexItem, Uint8Array>> {
  const encoded = new Map<IndexItem, Uint8Array>();
  const slices = new Slices();
  for (const { item } of [...changes.replaced, ...changes.added]) {
    encoded.set(item, layout.encode(item));
    if (slices.over) await slices.next();
  }
  return encoded;
}

function patchesOf(
  layout: Layout,
  size: number,
  { removed, replaced, added }: Changes,
  encoded: ReadonlyMap<IndexItem, Uint8Array>,
): Patch[] {
  const bytesOf = (item: IndexItem): Uint8Array => encoded.get(item) as Uint8Array;
  const placeOf = ({ place }: Entry): NonNullable<Entry['place']> =>
    place as NonNullable<Entry['place']>;
  const patches: Patch[] = removed.flatMap((entry) => layout.remove(placeOf(entry)));
  /** What goes to the end: new items, and those whose place is too small. */
  const last: { entry: Entry; item: IndexItem }[] = [];
  for (const change of replaced) {
    const place = placeOf(change.entry);
    const patch = layout.replace(place, bytesOf(change.item));
    if (patch) {
      patches.push(patch);
    } else {
      patches.push(...layout.remove(place));
      last.push(change);
    }
  }
  last.push(...added.map((entry) => ({ entry, item: entry.item })));
  if (last.length > 0) {
    const { patch, places } = layout.append(last.map(({ item }) => bytesOf(item)));
    patches.push(patch);
    for (const [number, { entry }] of last.entries()) entry.place = places[number];
  }
  const end = Math.max(...patches.map(({ at, bytes }) => at + bytes.length));
  if (end <= size) patches.push(layout.lengthen(size));
  return patches;
}

/** Gathers bytes and writes them in large pieces. */
class Output {
  readonly #handle: FileHandle;
  #pieces: Uint8Array[] = [];
  #pending = 0;
  #written = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get length(): number {
    return this.#written + this.#pending;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(bytes);
    this.#pending += bytes.length;
    if (this.#pending >= chunkBytes) await this.flush();
  }

  async flush(): Promise<void> {
    await writeAt(this.#handle, Buffer.concat(this.#pieces), this.#written);
    this.#written += this.#pending;
    this.#pieces = [];
    this.#pending = 0;
  }
}

/** Reads places of a file, mostly one after the other. */
class RunReader {
  readonly #handle: FileHandle;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read({ start, end }: { start: number; end: number }): Promise<Uint8Array> {
    if (start < this.#start || end > this.#start + this.#bytes.length) {
      const { size } = await this.#handle.stat();
      const length = Math.max(end - start, Math.min(chunkBytes, size - start));
      this.#bytes = await readAt(this.#handle, start, length);
      this.#start = start;
    }
    return this.#bytes.subarray(start - this.#start, end - this.#start);
  }
}
